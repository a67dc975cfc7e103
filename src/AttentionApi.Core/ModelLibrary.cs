using AttentionApi.Core.Analysis;
using AttentionApi.Core.Catalog;
using AttentionApi.Core.Diagnostics;
using AttentionApi.Core.Explain;
using AttentionApi.Core.Explain.Methods;
using AttentionApi.Core.Imaging;
using AttentionApi.Core.Loading;
using AttentionApi.Core.Models;
using AttentionApi.Core.Parameters;
using AttentionApi.Core.Rendering;
using AttentionApi.Core.Rendering.Layout;
using AttentionApi.Core.Rendering.Regions;
using AttentionApi.Core.Runtime.Sessions;
using AttentionApi.Core.Scoring;
using Microsoft.Extensions.Logging.Abstractions;

namespace AttentionApi.Core;

/// <summary>How a program uses models.</summary>
public sealed record LibraryOptions
{
    public InferenceOptions Inference { get; init; } = new();

    /// <summary>Models held in memory at once.</summary>
    public int MaxLoaded { get; init; } = 4;

    /// <summary>Bytes of activations kept, so that a second question about a picture runs no model.</summary>
    public long CacheBytes { get; init; } = 256 << 20;

    /// <summary>Where instrumented copies of models lie, so that the next start is faster; null: in memory only.</summary>
    public string? CopiesFolder { get; init; }

    public ImageLimits Pictures { get; init; } = ImageLimits.Default;

    /// <summary>Labels and texts of one call.</summary>
    public LabelLimits Labels { get; init; } = LabelLimits.Default;

    /// <summary>Runs of the vision model that one call may cause besides the one on the picture: scores and methods that hide patches need hundreds.</summary>
    public int MaxRuns { get; init; } = ExplainRequest.DefaultMaxRuns;
}

/// <summary>
/// A folder of models, for programs that explain pictures themselves: open it, explain a picture, draw it. Models are loaded when they are first used.
/// Safe for many callers.
/// </summary>
public sealed class ModelLibrary : IAsyncDisposable
{
    private readonly LibraryOptions options;
    private readonly ModelCatalog catalog;
    private readonly PictureAnalyzer analyzer;
    private readonly SeveralModels severalModels;
    private readonly ParameterTable table;

    private ModelLibrary(string folder, LibraryOptions options)
    {
        this.options = options;
        var copies = new InstrumentedModelCache(options.CopiesFolder ?? "", NullLogger<InstrumentedModelCache>.Instance);
        var loader = new ModelLoader(new SessionFactory(options.Inference, copies), new Dictionary<string, IReadOnlyList<string>>());
        catalog = new ModelCatalog(new(folder, null, options.MaxLoaded), (found, cancellation) => loader.LoadAsync(found.Id, found.Path, cancellation),
            NullLogger<ModelCatalog>.Instance, TimeProvider.System);
        severalModels = new SeveralModels(catalog);
        analyzer = new PictureAnalyzer(new ActivationCache(options.CacheBytes));
        table = new ParameterTable(BuiltInMethods.Registry, [.. PictureParameters.All, .. RegionParameters.All]);
    }

    /// <summary>Opens a folder of model folders.</summary>
    /// <exception cref="ModelRefusedException">The folder cannot be read.</exception>
    public static ModelLibrary Open(string folder, LibraryOptions? options = null)
    {
        var library = new ModelLibrary(Path.GetFullPath(folder), options ?? new());
        library.catalog.Refresh(atStart: true);
        return library;
    }

    /// <summary>The models found, with what is known of them so far.</summary>
    public IReadOnlyList<ModelEntry> Models => catalog.List();

    /// <summary>Explains a picture file.</summary>
    /// <param name="picture">Path of a JPEG, PNG or WebP file.</param>
    /// <param name="parameters">Parameters by name, as docs/api.md lists them ("method", "labels", "fromLayer" …).</param>
    /// <param name="model">The model's id; null: the first of the folder.</param>
    /// <param name="cancellation">Ends the work.</param>
    /// <exception cref="ParameterException">A parameter cannot be used.</exception>
    /// <exception cref="ModelRefusedException">The model cannot be used.</exception>
    public async Task<ExplainedPicture> ExplainAsync(
        string picture, IReadOnlyDictionary<string, string>? parameters = null, string? model = null, CancellationToken cancellation = default) =>
        await ExplainAsync(await File.ReadAllBytesAsync(picture, cancellation).ConfigureAwait(false), parameters, model, cancellation).ConfigureAwait(false);

    /// <inheritdoc cref="ExplainAsync(string, IReadOnlyDictionary{string, string}?, string?, CancellationToken)"/>
    /// <param name="picture">The bytes of a JPEG, PNG or WebP file.</param>
    public async Task<ExplainedPicture> ExplainAsync(
        ReadOnlyMemory<byte> picture, IReadOnlyDictionary<string, string>? parameters = null, string? model = null, CancellationToken cancellation = default)
    {
        var given = Read(parameters, table.All);
        var lease = await catalog.LeaseAsync(IdOf(model), cancellation).ConfigureAwait(false);
        try
        {
            var request = new ExplainRequest(table, given, Outputs.Json, table.All, options.Labels) { MaxRuns = options.MaxRuns };
            var loaded = request.ModelOf(lease.Model);
            var plan = new ExplanationPlan(request, loaded.Facts);
            var explanation = Explanation.BeginAsync(plan, loaded, analyzer, (new Picture(picture, options.Pictures), null), new StageTimings(), cancellation);
            return new ExplainedPicture(await explanation.ConfigureAwait(false), lease);
        }
        catch
        {
            lease.Dispose();
            throw;
        }
    }

    /// <summary>Explains a picture file by several methods ("methods"), or by several models ("models"), and sets the maps side by side.</summary>
    /// <param name="picture">Path of a JPEG, PNG or WebP file.</param>
    /// <param name="parameters">Parameters by name, as docs/api.md lists them for /explain/compare.</param>
    /// <param name="model">The model's id where "models" does not name them; null: the first of the folder.</param>
    /// <param name="cancellation">Ends the work.</param>
    /// <exception cref="ParameterException">A parameter cannot be used.</exception>
    /// <exception cref="ModelRefusedException">A model cannot be used.</exception>
    public async Task<ComparedPicture> CompareAsync(
        string picture, IReadOnlyDictionary<string, string> parameters, string? model = null, CancellationToken cancellation = default) =>
        await CompareAsync(await File.ReadAllBytesAsync(picture, cancellation).ConfigureAwait(false), parameters, model, cancellation).ConfigureAwait(false);

    /// <inheritdoc cref="CompareAsync(string, IReadOnlyDictionary{string, string}, string?, CancellationToken)"/>
    /// <param name="picture">The bytes of a JPEG, PNG or WebP file.</param>
    public async Task<ComparedPicture> CompareAsync(
        ReadOnlyMemory<byte> picture, IReadOnlyDictionary<string, string> parameters, string? model = null, CancellationToken cancellation = default)
    {
        var taken = OutputParameters.Of(table, Outputs.Compare);
        var calls = new ComparisonParameters(table).Calls(Read(parameters, taken));
        using var leases = await severalModels.LeaseAsync([.. calls.Select(call => IdOf(call.Model ?? model))], cancellation).ConfigureAwait(false);
        var plan = new JointPlan([.. leases.Models.Zip(calls, (loaded, call) =>
            (loaded, new ExplainRequest(table, call.Given, Outputs.Compare, taken, options.Labels) { MaxRuns = options.MaxRuns }))]);
        var explanations = plan.BeginAsync(analyzer, (new Picture(picture, options.Pictures), null), new StageTimings(), cancellation);
        return new ComparedPicture(await Comparison.OfAsync(await explanations.ConfigureAwait(false), cancellation).ConfigureAwait(false));
    }

    private ParameterValues Read(IReadOnlyDictionary<string, string>? parameters, IReadOnlyList<Parameter> taken) =>
        ParameterValues.Read((parameters ?? new Dictionary<string, string>()).Select(pair =>
            KeyValuePair.Create(pair.Key, (IEnumerable<string?>)[pair.Value])), taken, table.All);

    /// <exception cref="ModelRefusedException">There is no such model.</exception>
    private string IdOf(string? model) => (catalog.Find(model)
        ?? throw new ModelRefusedException(model is null ? "The folder holds no model." : $"There is no model '{Words.Shown(model)}'.")).Id;

    /// <summary>Waits for runs in flight, then frees the models.</summary>
    public ValueTask DisposeAsync()
    {
        severalModels.Dispose();
        return catalog.DisposeAsync();
    }
}
