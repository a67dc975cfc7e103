using AttentionApi.Core.Analysis;
using AttentionApi.Core.Catalog;
using AttentionApi.Core.Imaging;
using AttentionApi.Core.Loading;
using AttentionApi.Core.Models;
using AttentionApi.Core.Runtime.Sessions;

namespace AttentionApi.Hosting.Models;

/// <summary>The models folder and what is loaded of it.</summary>
internal static class ModelServices
{
    private const string CacheFolderName = "attention-api";
    private const string EmbeddedModel = "demo-clip";

    public static void AddModels(this IHostApplicationBuilder builder)
    {
        builder.Services.AddSection<ModelsOptions>("Models");
        builder.Services.AddSection<CacheOptions>("Cache");
        builder.Services.AddSection<InferenceOptions>("Inference")
            .Validate(options => Enum.IsDefined(options.ExecutionProvider), "Inference:ExecutionProvider must be auto, cpu or cuda.")
            .Validate(options => options is { Sessions: >= 0 and <= 1024, ThreadsPerSession: >= 0 and <= 1024 },
                "Inference:Sessions and Inference:ThreadsPerSession must be from 0 (chosen for the machine) to 1024.")
            .Validate(options => options.Devices.All(device => device is >= 0 and < 64) && options.Devices.Distinct().Count() == options.Devices.Count,
                "Inference:Devices must be different numbers of GPUs, from 0 to 63.")
            .Validate(options => options.GpuMemoryLimit >= 0, "Inference:GpuMemoryLimit must be a number of bytes, or 0 for no limit.");

        builder.Services.AddSingleton(services => new InstrumentedModelCache(
            services.Value<ModelsOptions>().CachePath ?? UserCacheFolder(), services.GetRequiredService<ILogger<InstrumentedModelCache>>()));
        builder.Services.AddSingleton(services =>
            new SessionFactory(services.Value<InferenceOptions>(), services.GetRequiredService<InstrumentedModelCache>(),
            log: services.GetRequiredService<ILogger<SessionFactory>>()));
        builder.Services.AddSingleton(services => new ActivationCache(services.Value<CacheOptions>().MaxBytes));
        builder.Services.AddSingleton<PictureAnalyzer>();
        builder.Services.AddSingleton(services => new SanityResults(services.Value<ModelsOptions>().CachePath ?? UserCacheFolder()));
        builder.Services.AddSingleton(services =>
            new ModelLoader(services.GetRequiredService<SessionFactory>(), ModelFilesSetting.Read(services.GetRequiredService<IConfiguration>())));
        builder.Services.AddSingleton(Catalog);
    }

    /// <summary>
    /// Looks at the models folder and the execution provider now: errors there must end the program before it listens. Then loads the default model in the
    /// background.
    /// </summary>
    public static void OpenModels(this WebApplication app) => app.Services.GetRequiredService<Readiness>().Begin(app.Lifetime.ApplicationStopping);

    private static ModelCatalog Catalog(IServiceProvider services)
    {
        NativeMemory.KeepFreed();
        // A process in which libvips can't be made safe must not serve.
        Libvips.Initialise(services.GetRequiredService<ILogger<Picture>>());
        var options = services.Value<ModelsOptions>();
        var loader = services.GetRequiredService<ModelLoader>();
        var catalog = new ModelCatalog(
            new(FolderOf(options.Path), options.Default, options.MaxLoaded, EmbeddedModel), (found, cancellation) =>
                loader.LoadAsync(found.Id, found.Path, cancellation),
            services.GetRequiredService<ILogger<ModelCatalog>>(), TimeProvider.System);
        try
        {
            catalog.Refresh(atStart: true);
        }
        catch (ModelRefusedException unreadable)
        {
            throw new ModelRefusedException($"{unreadable.Message}: set Models:Path to a folder of model folders.", unreadable);
        }
        return catalog;
    }

    /// <summary>The configured folder, else the first <c>models</c> beside the program, above the working directory, or above the program.</summary>
    internal static string FolderOf(string? configured)
    {
        if (!string.IsNullOrEmpty(configured)) return Path.GetFullPath(configured);
        IEnumerable<string> places = [AppContext.BaseDirectory, .. Upwards(Directory.GetCurrentDirectory()), .. Upwards(AppContext.BaseDirectory)];
        return places.Select(folder => Path.Combine(folder, "models")).FirstOrDefault(Directory.Exists) ?? Path.Combine(AppContext.BaseDirectory, "models");
    }

    private static IEnumerable<string> Upwards(string folder)
    {
        for (var current = new DirectoryInfo(folder); current is not null; current = current.Parent) yield return current.FullName;
    }

    /// <summary>Null where the user has no home: then copies stay in memory.</summary>
    private static string? UserCacheFolder()
    {
        if (Environment.GetEnvironmentVariable("XDG_CACHE_HOME") is { Length: > 0 } configured) return Path.Combine(configured, CacheFolderName);
        if (OperatingSystem.IsWindows()) return Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData), CacheFolderName);
        var home = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
        if (home.Length == 0) return null;
        return OperatingSystem.IsMacOS() ? Path.Combine(home, "Library", "Caches", CacheFolderName) : Path.Combine(home, ".cache", CacheFolderName);
    }
}
