using System.Numerics.Tensors;
using AttentionApi.Core.Runtime;

namespace AttentionApi.Core.Explain.Methods;

/// <summary>
/// Attention rollout (Abnar and Zuidema, "Quantifying Attention Flow in Transformers", ACL 2020): R = Ã_to · … · Ã_from with Ã_l = (F_l + αI)/rowsum,
/// later layers on the left. A map is one row of R, taken as a row vector through the layers without forming R (docs/methods.md C.3, C.4).
/// </summary>
public sealed class Rollout : Explainer
{
    public override MethodInfo Info { get; } = new(
        "rollout", "Attention rollout",
        "How much of each patch flows into the query token when attention and residual connections are followed through the layers; it shows where information can come from, not which class it speaks for.",
        "Abnar and Zuidema 2020, Quantifying Attention Flow in Transformers", LabelDependent: false, Signed: false,
        [FrameMode.Cumulative, FrameMode.Layers],
        ["fromLayer", "toLayer", "headFusion", "head", "heads", "residual", "discard", "query", "matrix", "frames"]);

    public override ActivationParts Needs(ExplainParameters parameters) => RawAttention.PartsFor(parameters);

    public override IReadOnlyList<Heatmap> Explain(ExplainInput input, ExplainParameters parameters) => [.. RawAttention.HeadsOf(input, parameters)
        .Select(head => Map(input, parameters, head, Layers(input, parameters, head), parameters.ToLayer))];

    public override IReadOnlyList<IReadOnlyList<Heatmap>> Frames(ExplainInput input, ExplainParameters parameters, FrameMode mode)
    {
        var heads = RawAttention.HeadsOf(input, parameters).Select(head => (head, layers: Layers(input, parameters, head))).ToArray();
        return [.. Enumerable.Range(parameters.FromLayer, parameters.ToLayer - parameters.FromLayer + 1).Select(layer =>
        {
            var range = mode == FrameMode.Cumulative ? parameters with { ToLayer = layer } : parameters with { FromLayer = layer, ToLayer = layer };
            var skipped = range.FromLayer - parameters.FromLayer;
            return (IReadOnlyList<Heatmap>)[.. heads.Select(one => Map(input, range, one.head, one.layers[skipped..], layer))];
        })];
    }

    /// <summary>The whole matrix R, [N, N], row = query, column = key.</summary>
    public static float[] Matrix(ExplainInput input, ExplainParameters parameters)
    {
        var tokens = input.Tokens.Count;
        var layers = Layers(input, parameters, parameters.Head);
        var matrix = new float[tokens * tokens];
        for (var query = 0; query < tokens; query++)
        {
            var row = matrix.AsSpan(query * tokens, tokens);
            row[query] = 1;
            Propagate(row, layers, layers.Length, tokens, (float)parameters.Residual);
        }
        return matrix;
    }

    private static Heatmap Map(ExplainInput input, ExplainParameters parameters, int? head, ReadOnlyMemory<float>[] layers, int layer)
    {
        var row = QueryRow(input, parameters.Query);
        Propagate(row, layers, parameters.ToLayer - parameters.FromLayer + 1, input.Tokens.Count, (float)parameters.Residual);
        return RawAttention.PatchMap(input.Tokens, row, layer, head);
    }

    /// <summary>F_l of the range after discarding, the first layer first.</summary>
    private static ReadOnlyMemory<float>[] Layers(ExplainInput input, ExplainParameters parameters, int? head)
    {
        var layers = new ReadOnlyMemory<float>[parameters.ToLayer - parameters.FromLayer + 1];
        for (var i = 0; i < layers.Length; i++)
        {
            var fused = AttentionMatrices.Fused(input.Activations, parameters.FromLayer + i, parameters.HeadFusion, head);
            layers[i] = parameters.Discard > 0 ? Discard.Apply(fused.Span, input.Tokens.Count, parameters.Discard, input.Tokens.HasCls) : fused;
        }
        return layers;
    }

    /// <summary>The row that selects the query: a unit vector, or the mean over all tokens.</summary>
    private static float[] QueryRow(ExplainInput input, QueryToken query)
    {
        var row = new float[input.Tokens.Count];
        if (query.Kind == QueryKind.Mean) Array.Fill(row, 1f / row.Length);
        else row[RawAttention.TokenOf(input.Tokens, query)] = 1;
        return row;
    }

    /// <summary>row ← rowᵀ Ã_count … Ã_1, O(count · N²), normalising each matrix row on the way.</summary>
    private static void Propagate(Span<float> row, ReadOnlySpan<ReadOnlyMemory<float>> layers, int count, int tokens, float residual)
    {
        var next = new float[tokens];
        for (var layer = count - 1; layer >= 0; layer--)
        {
            var matrix = layers[layer].Span;
            Array.Clear(next);
            for (var query = 0; query < tokens; query++)
            {
                if (row[query] == 0) continue;
                var keys = matrix.Slice(query * tokens, tokens);
                var sum = TensorPrimitives.Sum(keys) + residual;
                if (sum <= 0)
                {
                    // Everything was discarded and there is no residual: nothing is known of this token, so it looks everywhere alike.
                    TensorPrimitives.Add(next, row[query] / tokens, next);
                    continue;
                }
                var weight = row[query] / sum;
                TensorPrimitives.MultiplyAdd(keys, weight, next, next);
                next[query] += weight * residual;
            }
            next.CopyTo(row);
        }
    }
}
