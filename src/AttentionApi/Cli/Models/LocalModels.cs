using AttentionApi.Cli.Terminal;
using AttentionApi.Contracts;
using AttentionApi.Core.Analysis;
using AttentionApi.Core.Catalog;
using AttentionApi.Core.Explain.Methods;
using AttentionApi.Core.Loading;
using AttentionApi.Core.Models;
using AttentionApi.Core.Parameters;
using AttentionApi.Core.Runtime.Sessions;
using AttentionApi.Hosting;
using AttentionApi.Hosting.Limits;
using AttentionApi.Hosting.Models;
using Microsoft.Extensions.Options;

namespace AttentionApi.Cli.Models;

/// <summary>Models loaded for a look at them: by the server's own loader, with the same settings, files and cache.</summary>
internal sealed class LocalModels : IAsyncDisposable
{
    /// <summary>The setting that names the models folder.</summary>
    public const string PathKey = "Models:Path";

    private readonly IHost host;
    private readonly ModelLoader loader;

    private LocalModels(IHost host) => (this.host, loader) = (host, host.Services.GetRequiredService<ModelLoader>());

    /// <summary>Does something with the models; a wrong setting ends it with a sentence and exit code 1.</summary>
    /// <param name="work">What to do.</param>
    /// <param name="error">Gets the sentence.</param>
    /// <param name="settings">In place of what the configuration says; null: as configured.</param>
    public static async Task<int> UseAsync(Func<LocalModels, Task<int>> work, TextWriter error, params (string Key, string? Value)[] settings)
    {
        try
        {
            await using var models = Open(settings);
            return await work(models);
        }
        catch (OptionsValidationException wrong)
        {
            foreach (var failure in wrong.Failures) await error.WriteLineAsync(failure);
            return ExitCode.Failed;
        }
        catch (ProviderUnusableException unusable)
        {
            return await ExitCode.FailAsync(error, unusable.Message);
        }
    }

    private static LocalModels Open(IEnumerable<(string Key, string? Value)> settings)
    {
        var builder = Host.CreateApplicationBuilder(new HostApplicationBuilderSettings { ContentRootPath = AppContext.BaseDirectory });
        // What the loader has to say is in its answer.
        builder.Logging.ClearProviders();
        foreach (var (key, value) in settings.Where(setting => setting.Value is not null)) builder.Configuration[key] = value;
        builder.AddModels();
        builder.Services.AddSection<LimitsOptions>("Limits");
        return new LocalModels(builder.Build());
    }

    /// <summary>The models folder by the settings.</summary>
    public string Folder => ModelServices.FolderOf(host.Services.Value<ModelsOptions>().Path);

    public LimitsOptions Limits => host.Services.Value<LimitsOptions>();

    public PictureAnalyzer Analyzer => host.Services.GetRequiredService<PictureAnalyzer>();

    /// <summary>Loads a model of the models folder by its id (null: the server's default), or one that lies elsewhere by its path.</summary>
    /// <exception cref="ModelRefusedException">There is no such model, or it cannot be used.</exception>
    public async Task<ModelLease> LeaseAsync(string? model, CancellationToken cancellation)
    {
        var catalog = host.Services.GetRequiredService<ModelCatalog>();
        if (catalog.Find(model) is { } entry) return await catalog.LeaseAsync(entry.Id, cancellation);
        if (Path.Exists(model))
        {
            var found = Find(Path.TrimEndingDirectorySeparator(Path.GetFullPath(model)));
            var loaded = await loader.LoadAsync(found.Id, found.Path, cancellation);
            return new ModelLease(loaded, () => loaded.DisposeAsync().AsTask().GetAwaiter().GetResult());
        }
        var known = catalog.List().Select(one => one.Id).ToArray();
        throw new ModelRefusedException(known.Length == 0 ? $"There is no model in {Folder}."
            : model is null ? "There is no default model; name one with --model."
            : $"There is no model '{Words.Shown(model)}' in {Folder}; the nearest is '{Nearest.Name(model, known)}'.");
    }

    /// <summary>Results of checks, kept for the server.</summary>
    public SanityResults Sanity => host.Services.GetRequiredService<SanityResults>();

    /// <summary>A copy with shuffled weights of a model that can be leased.</summary>
    /// <exception cref="ModelRefusedException">Its weights cannot be shuffled.</exception>
    public ShuffledCopy Shuffle(string model)
    {
        var listed = Directory.Exists(Folder) ? ModelsFolder.Scan(Folder).GetValueOrDefault(model) : null;
        var found = listed ?? Find(Path.TrimEndingDirectorySeparator(Path.GetFullPath(model)));
        return ShuffledCopy.Of(found.Path, ModelFilesSetting.Read(host.Services.GetRequiredService<IConfiguration>()).GetValueOrDefault(found.Id));
    }

    /// <summary>Loads a model from where it lies.</summary>
    /// <exception cref="ModelRefusedException">It cannot be used.</exception>
    public Task<LoadedModel> LoadAsync(string path, CancellationToken cancellation) => loader.LoadAsync(Find(path).Id, path, cancellation);

    /// <summary>The model at a path, under the id that the server has for it.</summary>
    /// <param name="path">Absolute.</param>
    public FoundModel Find(string path) => ModelsFolder.At(path, Folder);

    /// <summary>Writes a copy of a model with further outputs, see <see cref="InstrumentedCopy"/>.</summary>
    public InstrumentedCopy Instrument(string source, string target, CopyOutputs outputs, (int From, int To) range) =>
        InstrumentedCopy.Write(source, target, outputs, range, host.Services.GetRequiredService<SessionFactory>());

    /// <summary>The record that <c>/models</c> would show; refused models have their reason in it.</summary>
    /// <param name="found">The model.</param>
    /// <param name="files">In place of what Models:Files says of it; null: as configured.</param>
    /// <param name="withGradients">Whether gradients are tried too, as the first request for them would.</param>
    /// <param name="cancellation">Ends the load.</param>
    public async Task<(Model Model, ModelFacts? Facts)> DescribeAsync(FoundModel found, string? files, bool withGradients, CancellationToken cancellation)
    {
        var chosen = files is null ? loader
            : new ModelLoader(host.Services.GetRequiredService<SessionFactory>(), ModelFilesSetting.Only(found.Id, files));
        try
        {
            await using var model = await chosen.LoadAsync(found.Id, found.Path, cancellation);
            var untried = withGradients ? await TryGradientsAsync(model, cancellation) : null;
            var ready = new ModelEntry(found.Id, false, ModelStatus.Ready, null, model.Facts);
            var described = Model.From(ready, BuiltInMethods.Registry, Sanity.Find(model.Facts.Sha256));
            return (untried is null ? described : described with { Warnings = [.. described.Warnings, untried] }, model.Facts);
        }
        catch (ModelRefusedException refusal)
        {
            return (Model.From(new ModelEntry(found.Id, false, ModelStatus.Refused, Remedies.Explain(refusal), null), BuiltInMethods.Registry), null);
        }
    }

    /// <summary>Tries what the first request for gradients would; null, or why that cannot be done now.</summary>
    public static async Task<string?> TryGradientsAsync(LoadedModel model, CancellationToken cancellation)
    {
        try
        {
            await model.TryGradientsAsync(cancellation);
            return null;
        }
        catch (ModelRefusedException missing)
        {
            return $"Gradients could not be tried: {missing.Message}";
        }
    }

    public async ValueTask DisposeAsync() => await ((IAsyncDisposable)host).DisposeAsync();
}
