using AttentionApi.Core.Models;
using AttentionApi.Core.Runtime;

namespace AttentionApi.Tests.Explain;

/// <summary>Activations of a made-up model with peaked random softmax rows, for property tests.</summary>
internal static class RandomAttention
{
    public static readonly TokenLayout Layout = new(2, new PatchGrid(3, 4), 1, HasCls: true);

    public static KnownActivations Input(int seed, int layers = 4, int heads = 3, TokenLayout? layout = null)
    {
        layout ??= Layout;
        var random = new Random(seed);
        var tokens = layout.Count;
        var each = new float[layers * heads * tokens * tokens];
        for (var row = 0; row < each.Length; row += tokens)
        {
            var weights = Enumerable.Range(0, tokens).Select(_ => Math.Exp(3 * random.NextDouble())).ToArray();
            for (var key = 0; key < tokens; key++) each[row + key] = (float)(weights[key] / weights.Sum());
        }
        return new KnownActivations(new Activations { Layers = layers, Heads = heads, Tokens = tokens, HeadAttention = each,
            MeanAttention = Mean(each, layers, heads, tokens), Output = [] }, layout);
    }

    private static float[] Mean(float[] each, int layers, int heads, int tokens)
    {
        var size = tokens * tokens;
        var mean = new float[layers * size];
        for (var layer = 0; layer < layers; layer++)
        {
            for (var i = 0; i < size; i++) mean[layer * size + i] = Enumerable.Range(0, heads).Sum(head => each[(layer * heads + head) * size + i]) / heads;
        }
        return mean;
    }
}
