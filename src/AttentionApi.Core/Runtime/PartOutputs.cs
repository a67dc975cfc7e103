using System.Numerics.Tensors;

namespace AttentionApi.Core.Runtime;

/// <summary>Which tensors of a tower make each part of its activations.</summary>
internal static class PartOutputs
{
    /// <summary>Parts whose tensors begin with an axis of pictures in every export that batches.</summary>
    private const ActivationParts Batched = ActivationParts.MeanAttention | ActivationParts.HeadAttention;

    /// <summary>True where several pictures may be asked for these parts in one run.</summary>
    public static bool CanBatch(VisionTower tower, ActivationParts parts) =>
        (parts & ~(Batched | ActivationParts.TokenNorms)) == 0
            && (!parts.HasFlag(ActivationParts.TokenNorms) || tower.Layers.All(layer => layer.HiddenState.Shape is [1, ..]));

    /// <summary>Asks for the tensors; the arrays, one a picture, are filled once the run is over. Read-outs are a run of their own.</summary>
    public static Dictionary<ActivationParts, float[][]> Add(VisionTower tower, ActivationParts parts, RunOutputs outputs)
    {
        var (layers, tokens, blocks) = (tower.Layers, tower.Tokens, tower.Blocks?.Tensors);
        var added = new Dictionary<ActivationParts, float[][]>();
        void Part(ActivationParts part, Func<float[][]> add)
        {
            if (parts.HasFlag(part)) added[part] = add();
        }

        Part(ActivationParts.MeanAttention, () => outputs.Add([.. layers.Select(layer => layer.MeanAttention)]));
        Part(ActivationParts.HeadAttention, () => outputs.Add([.. layers.Select(layer => layer.HeadAttention)]));
        Part(ActivationParts.HiddenStates, () => outputs.Add([tower.Embeddings, .. layers.Select(layer => layer.HiddenState)]));
        Part(ActivationParts.TokenNorms, () => outputs.AddReduced([.. layers.Select(layer => layer.HiddenState)], tokens, _ => Norms));
        if (blocks is null) return added;
        Part(ActivationParts.Values, () =>
            outputs.AddReduced([.. blocks.Values.Select(operand => operand.Tensor)], blocks.Values[0].Tensor.Count, layer => blocks.Values[layer].Arrange));
        if (blocks.LastKeys is { } keys) Part(ActivationParts.LastKeys, () => outputs.AddReduced([keys.Tensor], keys.Tensor.Count, _ => keys.Arrange));
        Part(ActivationParts.HeadTokenAttention, () =>
            outputs.AddReduced([.. layers.Select(layer => layer.HeadAttention)], tower.Heads * tokens, _ => HeadTokenRows));
        Part(ActivationParts.HeadTokenStates, () =>
            outputs.AddReduced([tower.Embeddings, .. layers.SelectMany((layer, l) => new[] { blocks.AfterAttention[l], layer.HiddenState })],
            tower.Embeddings.Count / tokens, _ => HeadToken));
        return added;

        void HeadToken(ReadOnlySpan<float> states, Span<float> target) => states.Slice(tower.Layout.HeadToken * target.Length, target.Length).CopyTo(target);
        void HeadTokenRows(ReadOnlySpan<float> attention, Span<float> target)
        {
            for (var head = 0; head < tower.Heads; head++)
                attention.Slice((head * tokens + tower.Layout.HeadToken) * tokens, tokens).CopyTo(target[(head * tokens)..]);
        }
    }

    private static void Norms(ReadOnlySpan<float> states, Span<float> target)
    {
        var width = states.Length / target.Length;
        for (var token = 0; token < target.Length; token++) target[token] = TensorPrimitives.Norm(states.Slice(token * width, width));
    }
}
