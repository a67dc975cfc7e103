using AttentionApi.Core.Analysis;
using AttentionApi.Core.Parameters;
using AttentionApi.Core.Runtime;
using static AttentionApi.Core.Explain.SharedParameters;

namespace AttentionApi.Core.Explain;

/// <summary>One array of numbers, in pieces that may be computed when they are asked for.</summary>
/// <param name="Name">Its key in a file.</param>
/// <param name="Shape">Row-major.</param>
/// <param name="Values">Its numbers.</param>
/// <param name="Attention">True for attention, which files may store in half precision.</param>
internal sealed record RawArray(string Name, IReadOnlyList<int> Shape, IEnumerable<ReadOnlyMemory<float>> Values, bool Attention = false)
{
    public RawArray(string name, IReadOnlyList<int> shape, float[] values) : this(name, shape, [values]) { }
}

/// <summary>The arrays behind all maps, for programs that compute maps themselves.</summary>
internal static class RawArrays
{
    /// <summary>The tensors of the contract (docs/api.md), in no particular order.</summary>
    public static async Task<IReadOnlyList<RawArray>> OfAsync(Explanation explanation, CancellationToken cancellation)
    {
        var (plan, inspection) = (explanation.Plan, explanation.Inspection);
        var aligns = plan.Labels.Labels.Count > 0 && plan.Model.AlignmentMissing is null;
        await inspection.FetchAsync(ActivationParts.MeanAttention | ActivationParts.HeadAttention | (aligns ? ActivationParts.ReadOut : 0), cancellation)
            .ConfigureAwait(false);
        await explanation.ScoreAsync(cancellation).ConfigureAwait(false);
        return
        [
            .. await AttentionAsync(inspection, plan.Values.Get(Heads) == HeadChoice.Each, cancellation).ConfigureAwait(false),
            .. aligns ? await AlignmentAsync(inspection, plan.Values, cancellation).ConfigureAwait(false) : [],
            .. Scores(explanation),
        ];
    }

    private static async Task<List<RawArray>> AttentionAsync(Inspection inspection, bool eachHead, CancellationToken cancellation)
    {
        var (layers, tokens) = (inspection.Model.Layers, inspection.Tokens.Count);
        var arrays = new List<RawArray>();
        foreach (var fusion in Enum.GetValues<HeadFusion>())
        {
            var stack = await inspection.AttentionAsync(fusion, null, cancellation).ConfigureAwait(false);
            // A layer is fused when it is written: max and min of all layers need not be held at once.
            arrays.Add(new($"attention.{fusion.Word()}", [layers, tokens, tokens], Enumerable.Range(1, layers).Select(layer =>
                stack.Fuse(layer)), Attention: true));
        }
        if (eachHead)
        {
            var heads = inspection.Analysis.Activations;
            arrays.Add(new("attention.heads", [layers, heads.Heads, tokens, tokens], [heads.HeadAttention!], Attention: true));
        }
        return arrays;
    }

    private static async Task<List<RawArray>> AlignmentAsync(Inspection inspection, ParameterValues values, CancellationToken cancellation)
    {
        var similarity = await inspection.SimilarityAsync(cancellation).ConfigureAwait(false);
        var (layers, labels, patches) = (inspection.Model.Layers, similarity.Labels.Count, inspection.Tokens.Grid.Count);
        List<RawArray> arrays = [new("alignment", [layers, labels, patches], similarity.Values), new("trajectory", [layers, labels], similarity.Trajectory)];
        if (await values.VersusAsync(inspection, cancellation).ConfigureAwait(false) is { } rival)
        {
            arrays.Add(new("alignment.versus", [layers, patches], (await inspection.SimilarityWithAsync(rival, cancellation).ConfigureAwait(false)).Values));
        }
        if (inspection.Model.Text)
        {
            var empty = await inspection.EmptyTextAsync(cancellation).ConfigureAwait(false);
            arrays.Add(new("alignment.empty", [layers, patches], (await inspection.SimilarityWithAsync(empty, cancellation).ConfigureAwait(false)).Values));
        }
        return arrays;
    }

    private static IEnumerable<RawArray> Scores(Explanation explanation)
    {
        var (model, scoring, output) = (explanation.Plan.Model, explanation.Scoring, explanation.Inspection.Analysis.Activations.Output);
        var labels = explanation.Plan.Labels.Labels.Count;
        if (labels > 0) yield return new("logits", [labels], [.. scoring.Logits]);
        if (!model.Text) yield break;

        yield return new("image_embedding", [output.Length], output);
        yield return new("logit_scale", [1], [model.LogitScale?.Value ?? 1]);
        yield return new("logit_bias", [1], [model.LogitBias?.Value ?? 0]);
        if (labels > 0) yield return new("label_embeddings", [labels, output.Length], scoring.Targets.SelectMany(target => target.Embedding!).ToArray());
    }
}
