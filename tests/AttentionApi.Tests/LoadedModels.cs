using AttentionApi.Core.Diagnostics;
using AttentionApi.Core.Explain;
using AttentionApi.Core.Imaging;
using AttentionApi.Core.Inference;

namespace AttentionApi.Tests;

/// <summary>Whole models, loaded as the service loads them.</summary>
internal static class LoadedModels
{
    public static Task<ExplainableModel> LoadAsync(string path, long cacheBytes = 64 << 20) =>
        new ModelLoader(Inference.FixtureModels.Factory, new ActivationCache(cacheBytes), new Dictionary<string, IReadOnlyList<string>>())
            .LoadAsync(new FoundModel(Path.GetFileNameWithoutExtension(path), path, 0), CancellationToken.None);

    /// <summary>Alignment of a picture with labels, in one view, at every layer.</summary>
    public static async Task<IReadOnlyList<Heatmap>> AlignAsync(this ExplainableModel model, PictureAnalysis picture, string[] labels, AlignmentView view, string prompt = "a photo of a {}")
    {
        var embeddings = await model.EmbedAsync(labels, [prompt], new StageTimings(), TestContext.Current.CancellationToken);
        var input = new ExplainInput(picture.Activations, model.Facts.Tokens);
        var (similarity, trajectory) = Alignment.Cosines(input, embeddings);
        var scores = new LabelScores(labels, similarity, trajectory, null, null, model.Facts.LogitScale!.Value);
        return new Alignment().Explain(input with { Labels = scores }, new ExplainParameters { FromLayer = 1, ToLayer = model.Facts.Layers, View = view });
    }

    public static Picture PictureFile(string path) => new(File.ReadAllBytes(path), ImageLimits.Default);
}
