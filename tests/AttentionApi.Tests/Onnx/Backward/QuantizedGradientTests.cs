using AttentionApi.Core.Loading;
using AttentionApi.Core.Loading.Gradients;
using AttentionApi.Core.Models.Folders;
using AttentionApi.Core.Onnx.Backward;
using AttentionApi.Core.Onnx.Graph;
using AttentionApi.Core.Runtime.Gradients;
using AttentionApi.Core.Runtime.Sessions;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;
using static AttentionApi.Tests.Onnx.ModelWriter;

namespace AttentionApi.Tests.Onnx.Backward;

/// <summary>Gradients of the forms in which quantisers write a product with weights, against the same model with those weights as numbers.</summary>
public sealed class QuantizedGradientTests(ITestOutputHelper output) : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    /// <summary>Weights in whole steps, and the size and the zero of each column's steps, as tensors; and what they are as numbers, [rows, columns].</summary>
    private sealed record Weights(string Steps, string Scales, string Zeros, float[] Values, int Rows, int Columns);

    private delegate string Product(ModelWriter writer, string tokens, Weights weights);

    /// <summary>
    /// By form: how it is written, and how far gradients may be from those of the numbers, relative to the largest: what activations lose when kernels round
    /// them. ONNX Runtime takes dequantised weights as 8-bit weights, too.
    /// </summary>
    private static readonly Dictionary<string, (Product Write, float Tolerance)> Forms = new()
    {
        ["dequantised weights"] = ((writer, tokens, weights) => writer.Node("MatMul", [tokens, Dequantized(writer, weights)]), 0.02f),
        ["dequantised weights and activations"] = ((writer, tokens, weights) =>
        {
            var (rounded, scale, zero) = Rounded(writer, tokens);
            return writer.Node("MatMul", [writer.Node("DequantizeLinear", [rounded, scale, zero]), Dequantized(writer, weights)]);
        }, 0.15f),
        ["MatMulInteger"] = ((writer, tokens, weights) =>
        {
            var (rounded, scale, zero) = Dynamic(writer, tokens);
            var product = writer.Node("Cast", [writer.Node("MatMulInteger", [rounded, weights.Steps, zero, weights.Zeros])], Attribute("to", OnnxTensor.Float));
            return writer.Node("Mul", [product, writer.Node("Mul", [scale, weights.Scales])]);
        }, 0.15f),
        ["DynamicQuantizeMatMul"] = ((writer, tokens, weights) =>
            writer.Node("com.microsoft::DynamicQuantizeMatMul", [tokens, weights.Steps, weights.Scales, weights.Zeros]), 0.15f),
        ["DynamicQuantizeMatMul with a bias"] = ((writer, tokens, weights) => writer.Node("com.microsoft::DynamicQuantizeMatMul",
            [tokens, weights.Steps, weights.Scales, weights.Zeros, writer.Weight(new float[weights.Columns], weights.Columns)]), 0.15f),
        ["MatMulIntegerToFloat"] = ((writer, tokens, weights) =>
        {
            var (rounded, scale, zero) = Dynamic(writer, tokens);
            return writer.Node("com.microsoft::MatMulIntegerToFloat", [rounded, weights.Steps, scale, weights.Scales, zero, weights.Zeros]);
        }, 0.15f),
        ["QLinearMatMul"] = ((writer, tokens, weights) =>
        {
            var (rounded, scale, zero) = Rounded(writer, tokens);
            var product = writer.Node("QLinearMatMul", [rounded, scale, zero, weights.Steps, weights.Scales, weights.Zeros, scale, zero]);
            return writer.Node("DequantizeLinear", [product, scale, zero]);
        }, 0.2f),
        ["QGemm"] = ((writer, tokens, weights) =>
        {
            var (rounded, scale, zero) = Rounded(writer, writer.Node("Reshape", [tokens, writer.Integers(-1, weights.Rows)]));
            var product = writer.Node("com.microsoft::QGemm", [rounded, scale, zero, weights.Steps, weights.Scales, weights.Zeros]);
            return writer.Node("Reshape", [product, writer.Integers(1, -1, weights.Columns)]);
        }, 0.15f),
    };

    public static TheoryData<string> Names => [.. Forms.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task Gradients_are_those_of_the_weights_as_numbers(string form)
    {
        var (write, tolerance) = Forms[form];
        var expected = await GradientsAsync(Numbers, InNumbers);
        var given = await GradientsAsync(write, InNumbers);
        var wrong = "";
        foreach (var (name, array) in expected)
        {
            var error = Error(array, given[name]);
            output.WriteLine($"{form}: {name} differs by {error:g2}");
            if (error >= tolerance) wrong += $"{name} differs by {error}\n";
        }
        Assert.Equal("", wrong);
    }

    [Fact]
    public async Task Attention_in_steps_has_gradients_of_queries_keys_and_values()
    {
        var expected = await GradientsAsync(Numbers, InNumbers);
        var given = await GradientsAsync(Numbers, InIntegers);
        foreach (var (name, array) in expected) Assert.True(Error(array, given[name]) < 0.1f, $"{name} differs by {Error(array, given[name])}");
    }

    private static float Error(float[] expected, float[] given) => ReferenceArrays.LargestDifference(expected, given) / expected.Max(MathF.Abs);

    private async Task<Dictionary<string, float[]>> GradientsAsync(Product product, Func<ModelWriter, string, string, string> multiply)
    {
        var model = Model(product, multiply).Write(Path.Combine(folder.Path, "synthetic.onnx"));
        using var towers = TowerLoader.Load(ModelFolder.Open(model), FixtureModels.Factory);
        await using var gradients = GradientLoader.Open(FixtureModels.Factory, towers.Vision, FixtureModels.UntriedGradients);
        var random = new Random(9);
        float[] pixels = [.. Enumerable.Range(0, 3 * 32 * 32).Select(_ => random.NextSingle() * 2 - 1)];
        using var input = Tensors.FromFloats(pixels, towers.Vision.InputShape, TensorElementType.Float);
        var tape = await gradients.ForwardAsync(new Dictionary<string, OrtValue> { [towers.Vision.InputName] = input },
            [GradientKind.Libra, GradientKind.Plain], TestContext.Current.CancellationToken);
        async Task<LayerGradients> Of(GradientKind kind) => (await gradients.AllLayersAsync(kind, tape,
            [GradientTrial.Seeds(SyntheticTransformer.Classes)[1]], TestContext.Current.CancellationToken))[0];
        return new() { ["relevance"] = (await Of(GradientKind.Libra)).Relevance!, ["attention"] = (await Of(GradientKind.Plain)).Attention!,
            ["keys"] = await KeysAsync(gradients, towers.Vision.Tokens) };
    }

    /// <summary>How alike each query is to the keys, of the largest: sizes of steps are a factor on all.</summary>
    private static async Task<float[]> KeysAsync(TowerGradients gradients, int tokens)
    {
        var random = new Random(3);
        float[] state = [.. Enumerable.Range(0, tokens * SyntheticTransformer.Width).Select(_ => random.NextSingle() * 2 - 1)];
        float[][] seeds = [GradientTrial.Seeds(SyntheticTransformer.Classes)[1]];
        var keys = (await gradients.LastLayerAsync(state, null, seeds, TestContext.Current.CancellationToken))[0].KeySimilarity!;
        return [.. keys.Select(value => value / keys.Max())];
    }

    private static SyntheticTransformer Model(Product product, Func<ModelWriter, string, string, string> multiply)
    {
        const int width = SyntheticTransformer.Width, hidden = 2 * width;
        return new()
        {
            Attention = (writer, projections) =>
            {
                string Heads(float[] weights, bool transposed = false) => SyntheticTransformer.SplitHeads(writer,
                    product(writer, projections.Input, InSteps(writer, weights, width, width)), transposed);
                var scores = multiply(writer, Heads(projections.Query), Heads(projections.Key, transposed: true));
                var probabilities = writer.Node("Softmax", [SyntheticTransformer.Scale(writer, scores)], Attribute("axis", -1));
                return SyntheticTransformer.MergeHeads(writer, multiply(writer, probabilities, Heads(projections.Value)));
            },
            Wiring = (writer, block) => SyntheticTransformer.PreNorm(writer, block with
            {
                FeedForward = tokens =>
                {
                    var random = new Random(21);
                    float[] Drawn() => [.. Enumerable.Range(0, width * hidden).Select(_ => random.NextSingle() - 0.5f)];
                    var inner = writer.Node("Relu", [product(writer, tokens, InSteps(writer, Drawn(), width, hidden))]);
                    return product(writer, inner, InSteps(writer, Drawn(), hidden, width));
                },
            }),
        };
    }

    private static string InNumbers(ModelWriter writer, string a, string b) => writer.Node("MatMul", [a, b]);

    private static string InIntegers(ModelWriter writer, string a, string b)
    {
        var (stepsOfA, scaleOfA, zeroOfA) = Dynamic(writer, a);
        var (stepsOfB, scaleOfB, zeroOfB) = Dynamic(writer, b);
        return writer.Node("com.microsoft::MatMulIntegerToFloat", [stepsOfA, stepsOfB, scaleOfA, scaleOfB, zeroOfA, zeroOfB]);
    }

    private static string Numbers(ModelWriter writer, string tokens, Weights weights) =>
        writer.Node("MatMul", [tokens, writer.Weight(weights.Values, weights.Rows, weights.Columns)]);

    /// <summary>Each column in steps of its largest weight's 127th part.</summary>
    private static Weights InSteps(ModelWriter writer, float[] weights, int rows, int columns)
    {
        float[] scales = [.. Enumerable.Range(0, columns).Select(column =>
            Enumerable.Range(0, rows).Max(row => MathF.Abs(weights[row * columns + column])) / 127)];
        sbyte[] steps = [.. weights.Select((weight, place) => (sbyte)MathF.Round(weight / scales[place % columns]))];
        return new(writer.Bytes(OnnxTensor.Int8, [.. steps.Select(step => (byte)step)], rows, columns), writer.Weight(scales, columns),
            writer.Bytes(OnnxTensor.Int8, new byte[columns], columns), [.. steps.Select((step, place) => step * scales[place % columns])], rows, columns);
    }

    private static string Dequantized(ModelWriter writer, Weights weights) =>
        writer.Node("DequantizeLinear", [weights.Steps, weights.Scales, weights.Zeros], Attribute("axis", 1));

    private static (string Rounded, string Scale, string Zero) Rounded(ModelWriter writer, string tokens)
    {
        var (scale, zero) = (writer.Scalar(0.05f), writer.Bytes(OnnxTensor.UInt8, [128]));
        return (writer.Node("QuantizeLinear", [tokens, scale, zero]), scale, zero);
    }

    private static (string Rounded, string Scale, string Zero) Dynamic(ModelWriter writer, string tokens)
    {
        var count = writer.Graph.Node.Count;
        var (rounded, scale, zero) = ($"rounded_{count}", $"scale_{count}", $"zero_{count}");
        writer.Append("DynamicQuantizeLinear", [tokens], [rounded, scale, zero]);
        return (rounded, scale, zero);
    }
}
