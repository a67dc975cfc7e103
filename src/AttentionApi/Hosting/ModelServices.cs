using System.ComponentModel.DataAnnotations;
using AttentionApi.Core.Inference;
using Microsoft.Extensions.Options;

namespace AttentionApi.Hosting;

/// <summary>Section <c>Models</c>.</summary>
public sealed class ModelsOptions
{
    /// <summary>Folder of model folders; empty: <c>models</c> beside the program, else up the tree.</summary>
    public string? Path { get; set; }

    /// <summary>Id used where a request names no model; empty: the embedded one, else the first.</summary>
    public string? Default { get; set; }

    /// <summary>Models held at once.</summary>
    [Range(1, 1000)]
    public int MaxLoaded { get; set; } = 4;

    /// <summary>Where instrumented copies lie; empty: memory only; not set: the user's cache folder.</summary>
    public string? CachePath { get; set; }

    /// <summary>By id: the .onnx files to take where a folder leaves a choice.</summary>
    public Dictionary<string, string> Files { get; set; } = [];
}

/// <summary>The models folder and what is loaded of it.</summary>
internal static class ModelServices
{
    public static void AddModels(this WebApplicationBuilder builder)
    {
        builder.Services.AddOptions<ModelsOptions>().BindConfiguration("Models", binder => binder.ErrorOnUnknownConfiguration = true).ValidateDataAnnotations().ValidateOnStart();
        builder.Services.AddSingleton(services =>
        {
            var options = services.GetRequiredService<IOptions<ModelsOptions>>().Value;
            var catalog = new ModelCatalog(new(Folder(options.Path), options.Default, options.MaxLoaded), (_, _) => throw new NotImplementedException(),
                services.GetRequiredService<ILogger<ModelCatalog>>());
            catalog.Refresh(atStart: true);
            return catalog;
        });
    }

    /// <summary>The configured folder, else the first <c>models</c> beside the program, above the working directory, or above the program.</summary>
    private static string Folder(string? configured)
    {
        if (!string.IsNullOrEmpty(configured)) return Path.GetFullPath(configured);
        IEnumerable<string> candidates = [AppContext.BaseDirectory, .. Upwards(Directory.GetCurrentDirectory()), .. Upwards(AppContext.BaseDirectory)];
        return candidates.Select(folder => Path.Combine(folder, "models")).FirstOrDefault(Directory.Exists) ?? Path.Combine(AppContext.BaseDirectory, "models");
    }

    private static IEnumerable<string> Upwards(string folder)
    {
        for (var current = new DirectoryInfo(folder); current is not null; current = current.Parent) yield return current.FullName;
    }
}
