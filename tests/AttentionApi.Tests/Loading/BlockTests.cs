using AttentionApi.Core.Runtime;

namespace AttentionApi.Tests.Loading;

/// <summary>What a layer's attention adds to the hidden states follows from its probabilities, values and output projection, whatever exported the
/// file.</summary>
public class BlockTests(ITestOutputHelper output)
{
    public static TheoryData<string, string> Files => [.. FixtureVariant.All(vision: true).Select(variant => (variant.Family, variant.File))];

    /// <summary>Kernels of integer weights round the mixed values before the projection (4-bit ones too), the measured weights do not.</summary>
    private static float Tolerance(string precision) => precision switch { "fp32" => 1e-5f, "fp16" => 5e-3f, _ => 2e-2f };

    [Theory]
    [MemberData(nameof(Files))]
    public void Probabilities_values_and_output_projection_give_what_each_attention_adds(string family, string file)
    {
        var variant = new FixtureVariant(family, file);
        using var towers = FixtureModels.Load(family, file);
        var vision = towers.Vision;
        Assert.Null(vision.BlocksRefusal);
        var (tensors, projections) = (vision.Blocks!.Tensors, vision.Blocks.Projections);
        var (tokens, layers) = (vision.Tokens, vision.Layers.Count);

        string[] names = [vision.Embeddings.Name, .. vision.Layers.Select(layer => layer.HiddenState.Name), .. tensors.AfterAttention.Select(info => info.Name),
            .. tensors.Values.Select(operand => operand.Tensor.Name), .. vision.Layers.Select(layer => layer.HeadAttention.Name)];
        var values = FixtureModels.Run(vision, variant.Expected.Floats("pixel_values"), names);
        var largest = 0f;
        for (var l = 0; l < layers; l++)
        {
            var (before, after) = (values[l], values[1 + layers + l]);
            var mixed = Mix(tensors.Values[l], values[1 + 2 * layers + l], values[1 + 3 * layers + l], tokens);
            var added = Project(mixed, projections.Measure()[l]);
            var expected = after.Zip(before, (a, b) => a - b).ToArray();
            largest = MathF.Max(largest, ReferenceArrays.LargestDifference(expected, added) / expected.Max(MathF.Abs));
        }
        output.WriteLine($"{variant}: {largest:g3} of the largest value");
        Assert.True(largest <= Tolerance(variant.Precision), $"differs by {largest:g3} of the largest value");
    }

    private static float[] Mix(OperandInfo operand, float[] raw, float[] probabilities, int tokens)
    {
        var values = new float[raw.Length];
        operand.Arrange(raw, values);
        var mixed = new float[raw.Length];
        for (var head = 0; head < operand.Heads; head++)
        {
            for (var i = 0; i < tokens; i++)
            {
                for (var j = 0; j < tokens; j++)
                {
                    for (var k = 0; k < operand.Width; k++)
                        mixed[(i * operand.Heads + head) * operand.Width + k] +=
                            probabilities[(head * tokens + i) * tokens + j] * values[(head * tokens + j) * operand.Width + k];
                }
            }
        }
        return mixed;
    }

    private static float[] Project(float[] mixed, OutputProjection projection)
    {
        var width = projection.Bias.Length;
        var inner = projection.Weights.Length / width;
        var added = new float[mixed.Length / inner * width];
        for (var i = 0; i < added.Length; i++)
        {
            added[i] = projection.Bias[i % width];
            for (var k = 0; k < inner; k++) added[i] += mixed[i / width * inner + k] * projection.Weights[k * width + i % width];
        }
        return added;
    }
}
