using AttentionApi.Core.Analysis;
using AttentionApi.Core.Explain;
using AttentionApi.Core.Explain.Methods;
using AttentionApi.Core.Imaging;
using AttentionApi.Core.Loading;
using AttentionApi.Core.Models;
using AttentionApi.Core.Parameters;
using AttentionApi.Core.Runtime;
using AttentionApi.Core.Scoring;

namespace AttentionApi.Tests.Explain;

/// <summary>Activations as if a model had given them, and methods asked about them.</summary>
internal sealed record KnownActivations(Activations Activations, TokenLayout Tokens)
{
    public Inspection Inspection => new(Facts, new PictureAnalysis(new PixelSize(1, 1), new Region(0, 0, 1, 1), Activations, 0, []), LabelChoice.None(Facts));

    private ModelFacts Facts => new()
    {
        Id = "made-up", Family = "vit", Layers = Activations.Layers, Heads = Activations.Heads, Tokens = Tokens, ImageSize = new(1, 1), PatchSize = new(1, 1),
        PatchArea = new(0, 0, 1, 1),
        Scores = ScoreKind.None, Precision = "float32", Provider = new("cpu", "cpu", null), Sites = new(Activations.Layers, 0, 0), Sha256 = "",
    };

    public IReadOnlyList<Heatmap> Explain(Explainer method, ParameterValues values) =>
        Done(method.ExplainAsync(Inspection, values, CancellationToken.None)).Maps;

    public IReadOnlyList<IReadOnlyList<Heatmap>> Frames(Explainer method, ParameterValues values, FrameMode mode) =>
        [.. Done(method.FramesAsync(Inspection, values, mode, CancellationToken.None)).Select(frame => frame.Maps)];

    /// <summary>The whole rollout matrix.</summary>
    public float[] Matrix(ParameterValues values) =>
        Done(new Rollout().ExplainAsync(Inspection, values.With(Rollout.Matrix, true), CancellationToken.None)).Matrices[0].Values;

    /// <summary>All heads' mean and α = 1 over a range of layers, asked from the first token.</summary>
    public static ParameterValues Range(int from, int to) =>
        ParameterValues.None.With(SharedParameters.FromLayer, from).With(SharedParameters.ToLayer, to)
            .With(SharedParameters.Query, new QueryToken(QueryKind.Cls));

    /// <summary>Nothing is awaited where everything is known.</summary>
    private static T Done<T>(Task<T> task)
    {
        return task.GetAwaiter().GetResult();
    }
}
