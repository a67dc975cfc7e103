using System.Numerics.Tensors;
using AttentionApi.Core.Runtime.Sessions;

namespace AttentionApi.Core.Runtime;

/// <summary>Which tensors of a tower make each part of its activations.</summary>
internal static class PartOutputs
{
    /// <summary>The tensors that a part is made of; none where the tower does not offer it.</summary>
    public static IReadOnlyList<TensorInfo> TensorsOf(VisionTower tower, ActivationParts part)
    {
        var (layers, blocks) = (tower.Layers, tower.Blocks?.Tensors);
        return part switch
        {
            ActivationParts.MeanAttention => [.. layers.Select(layer => layer.MeanAttention)],
            ActivationParts.HeadAttention or ActivationParts.HeadTokenAttention => [.. layers.Select(layer => layer.HeadAttention)],
            ActivationParts.ReadOut or ActivationParts.TokenNorms => [.. layers.Select(layer => layer.HiddenState)],
            ActivationParts.HiddenStates => [tower.Embeddings, .. layers.Select(layer => layer.HiddenState)],
            ActivationParts.Values when blocks is not null => [.. blocks.Values.Select(operand => operand.Tensor)],
            ActivationParts.LastKeys when blocks?.LastKeys is { } keys => [keys.Tensor],
            ActivationParts.HeadTokenStates when blocks is not null =>
                [tower.Embeddings, .. layers.SelectMany((layer, l) => new[] { blocks.AfterAttention[l], layer.HiddenState })],
            _ => [],
        };
    }

    /// <summary>Asks for the tensors; the arrays, one a picture, are filled once the run is over. Read-outs are a run of their own.</summary>
    public static Dictionary<ActivationParts, float[][]> Add(VisionTower tower, ActivationParts parts, RunOutputs outputs)
    {
        var (tokens, blocks) = (tower.Tokens, tower.Blocks?.Tensors);
        var added = new Dictionary<ActivationParts, float[][]>();
        void Part(ActivationParts part, Func<IReadOnlyList<TensorInfo>, float[][]> add)
        {
            if (parts.HasFlag(part) && TensorsOf(tower, part) is { Count: > 0 } tensors) added[part] = add(tensors);
        }

        Part(ActivationParts.MeanAttention, outputs.Add);
        Part(ActivationParts.HeadAttention, outputs.Add);
        Part(ActivationParts.HiddenStates, outputs.Add);
        Part(ActivationParts.TokenNorms, tensors => outputs.AddReduced(tensors, tokens, _ => Norms));
        Part(ActivationParts.Values, tensors => outputs.AddReduced(tensors, tensors[0].Count, layer => blocks!.Values[layer].Arrange));
        Part(ActivationParts.LastKeys, tensors => outputs.AddReduced(tensors, tensors[0].Count, _ => blocks!.LastKeys!.Arrange));
        if (blocks is null) return added;
        Part(ActivationParts.HeadTokenAttention, tensors => outputs.AddReduced(tensors, tower.Heads * tokens, _ => HeadTokenRows));
        Part(ActivationParts.HeadTokenStates, tensors => outputs.AddReduced(tensors, tower.Embeddings.Count / tokens, _ => HeadToken));
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
