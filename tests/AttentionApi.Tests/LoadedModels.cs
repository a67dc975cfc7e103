using AttentionApi.Core.Analysis;
using AttentionApi.Core.Runtime;
using AttentionApi.Core.Diagnostics;
using AttentionApi.Core.Explain;
using AttentionApi.Core.Explain.Methods;
using AttentionApi.Core.Imaging;
using AttentionApi.Core.Loading;
using AttentionApi.Core.Scoring;

namespace AttentionApi.Tests;

/// <summary>Whole models, loaded as the service loads them.</summary>
internal static class LoadedModels
{
    /// <summary>One for all tests: models are told apart by reference.</summary>
    private static readonly PictureAnalyzer Analyzer = new(new ActivationCache(64 << 20));

    public static Task<PictureAnalysis> AnalyzeAsync(this LoadedModel model, Picture picture, ActivationParts parts, StageTimings timings,
        CancellationToken cancellation) =>
        Analyzer.AnalyzeAsync(new(model, picture, timings), parts, cancellation);

    public static Task<LoadedModel> LoadAsync(string path) =>
        new ModelLoader(FixtureModels.Factory, new Dictionary<string, IReadOnlyList<string>>())
            .LoadAsync(Path.GetFileNameWithoutExtension(path), path, CancellationToken.None);

    /// <summary>Alignment of a picture with labels, in one view, at every layer.</summary>
    public static async Task<IReadOnlyList<Heatmap>> AlignAsync(this LoadedModel model, PictureAnalysis picture, string[] labels, AlignmentView view,
        string prompt = "a photo of a {}")
    {
        var embeddings = await model.EmbedAsync(labels, [prompt], new StageTimings(), TestContext.Current.CancellationToken);
        var activations = picture.Activations;
        var readOut = new LayerTokens(activations.ReadOut!, activations.Layers, model.Facts.Tokens);
        var similarity = LabelSimilarity.Between(readOut, [.. labels.Zip(embeddings, LabelTarget.OfText)]);
        return [.. Enumerable.Range(1, activations.Layers).SelectMany(layer =>
            Alignment.LayerMaps(similarity, null, layer, view, model.Facts.LogitScale!.Value, model.Facts.Tokens.Grid))];
    }

    public static Picture PictureFile(string path) => new(File.ReadAllBytes(path), ImageLimits.Default);
}
