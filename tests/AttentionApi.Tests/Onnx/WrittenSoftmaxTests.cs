using AttentionApi.Core.Loading;
using AttentionApi.Core.Models;
using AttentionApi.Core.Models.Folders;
using AttentionApi.Core.Onnx.Graph;
using static AttentionApi.Tests.Onnx.ModelWriter;
using static AttentionApi.Tests.Onnx.SyntheticTransformer;

namespace AttentionApi.Tests.Onnx;

/// <summary>Attention whose softmax is spelled out is found, and is that of the operator, however it is spelled.</summary>
public sealed class WrittenSoftmaxTests(ITestOutputHelper output) : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    public static TheoryData<string> Spellings => [.. Softmaxes.Keys];

    /// <summary>Scores [1, heads, query, key] to probabilities.</summary>
    private static readonly Dictionary<string, Func<ModelWriter, string, string>> Softmaxes = new()
    {
        ["exp / sum"] = (w, x) => Exp(w, x) is var e ? w.Node("Div", [e, Sum(w, e)]) : "",
        ["exp / sum, less the largest"] = (w, x) => Exp(w, LessLargest(w, x)) is var e ? w.Node("Div", [e, Sum(w, e)]) : "",
        ["a sum that lost its axis, Unsqueeze"] = (w, x) =>
            Exp(w, x) is var e ? w.Node("Div", [e, w.Node("Unsqueeze", [Sum(w, e, keep: 0), w.Integers(-1)])]) : "",
        ["a sum that lost its axis, Reshape"] = (w, x) =>
            Exp(w, x) is var e ? w.Node("Div", [e, w.Node("Reshape", [Sum(w, e, keep: 0), w.Integers(1, Heads, -1, 1)])]) : "",
        ["a sum expanded to the row"] = (w, x) => Exp(w, x) is var e ? w.Node("Div", [e, w.Node("Expand", [Sum(w, e), w.Node("Shape", [e])])]) : "",
        ["reciprocal · exp"] = (w, x) => Exp(w, x) is var e ? w.Node("Mul", [w.Node("Reciprocal", [Sum(w, e)]), e]) : "",
        ["exp · expanded reciprocal"] = (w, x) =>
            Exp(w, x) is var e ? w.Node("Mul", [e, w.Node("Expand", [w.Node("Reciprocal", [Sum(w, e)]), w.Node("Shape", [e])])]) : "",
        ["exp · (1 / sum)"] = (w, x) => Exp(w, x) is var e ? w.Node("Mul", [e, w.Node("Div", [w.Scalar(1), Sum(w, e)])]) : "",
        ["exp · sum to the power of −1"] = (w, x) => Exp(w, x) is var e ? w.Node("Mul", [e, w.Node("Pow", [Sum(w, e), w.Scalar(-1)])]) : "",
        ["an epsilon added"] = (w, x) => Exp(w, x) is var e ? w.Node("Div", [e, w.Node("Add", [Sum(w, e), w.Scalar(1e-8f)])]) : "",
        ["a lower limit, Clip"] = (w, x) => Exp(w, x) is var e ? w.Node("Div", [e, w.Node("Clip", [Sum(w, e), w.Number(1e-8f)])]) : "",
        ["a lower limit, Max"] = (w, x) => Exp(w, x) is var e ? w.Node("Div", [e, w.Node("Max", [w.Scalar(1e-8f), Sum(w, e)])]) : "",
        ["a guard against zero"] = (w, x) =>
            Exp(w, x) is var e && Sum(w, e) is var s ? w.Node("Div", [e, w.Node("Where", [w.Node("Equal", [s, w.Scalar(0)]), w.Scalar(1), s])]) : "",
        ["a policy and an epsilon on both sides (DynamicViT)"] = (w, x) =>
        {
            var kept = w.Node("Mul", [Exp(w, LessLargest(w, x)), w.Scalar(1)]);
            return w.Node("Div", [w.Node("Add", [kept, w.Scalar(1e-9f)]), w.Node("Add", [Sum(w, kept), w.Scalar(1e-8f)])]);
        },
        ["the norm of order 1"] = (w, x) =>
        {
            var e = Exp(w, x);
            var norm = w.Node("Clip", [w.Node("ReduceL1", [e], Attribute("axes", [-1L])), w.Number(1e-12f)]);
            return w.Node("Div", [e, w.Node("Expand", [norm, w.Node("Shape", [e])])]);
        },
        ["the mean times the number"] = (w, x) =>
            Exp(w, x) is var e ? w.Node("Div", [e, w.Node("Mul", [w.Node("ReduceMean", [e], Attribute("axes", [-1L])), w.Scalar(17)])]) : "",
        ["LpNormalization"] = (w, x) => w.Node("LpNormalization", [Exp(w, x)], Attribute("axis", -1), Attribute("p", 1)),
        ["exp of LogSoftmax"] = (w, x) => w.Node("Exp", [w.Node("LogSoftmax", [x], Attribute("axis", -1))]),
        ["exp of x − logsumexp"] = (w, x) => w.Node("Exp", [w.Node("Sub", [x, w.Node("ReduceLogSumExp", [x], Attribute("axes", [-1L]))])]),
        ["exp of x − logsumexp that lost its axis"] = (w, x) =>
            w.Node("Exp",
                [w.Node("Sub", [x, w.Node("Unsqueeze", [w.Node("ReduceLogSumExp", [x], Attribute("axes", [3L]), Attribute("keepdims", 0)), w.Integers(3)])])]),
        ["exp of x − log sum exp x"] = (w, x) => w.Node("Exp", [w.Node("Sub", [x, w.Node("Log", [Sum(w, Exp(w, x))])])]),
        ["exp of x − (m + log sum exp(x − m))"] = (w, x) =>
            w.Node("Exp", [w.Node("Sub", [x, w.Node("Add", [Largest(w, x), w.Node("Log", [Sum(w, Exp(w, LessLargest(w, x)))])])])]),
        ["exp of (x − m) − log sum exp(x − m)"] = (w, x) =>
            LessLargest(w, x) is var y ? w.Node("Exp", [w.Node("Sub", [y, w.Node("Log", [Sum(w, Exp(w, y))])])]) : "",
        ["exp of x plus the negative logarithm"] = (w, x) =>
            w.Node("Exp", [w.Node("Add", [w.Node("Neg", [w.Node("ReduceLogSum", [Exp(w, x)], Attribute("axes", [-1L]))]), x])]),
        ["two exponentials of the same scores"] = (w, x) => w.Node("Div", [Exp(w, x), Sum(w, Exp(w, x))]),
        ["a power of e"] = (w, x) => w.Node("Pow", [w.Scalar(MathF.E), x]) is var e ? w.Node("Div", [e, Sum(w, e)]) : "",
        ["a product with ones as the sum"] = (w, x) =>
            Exp(w, x) is var e ? w.Node("Div", [e, w.Node("MatMul", [e, w.Weight([.. Enumerable.Repeat(1f, 17)], 17, 1)])]) : "",
        ["Einsum as the sum"] = (w, x) =>
            Exp(w, x) is var e ? w.Node("Div", [e, w.Node("Unsqueeze", [w.Node("Einsum", [e], Attribute("equation", "bhij->bhi")), w.Integers(-1)])]) : "",
        ["a mask before the exponential"] = (w, x) =>
            Exp(w, w.Node("Where", [w.Node("IsInf", [x]), w.Scalar(-1e9f), x])) is var e ? w.Node("Div", [e, Sum(w, e)]) : "",
        ["a guard against NaN behind it"] = (w, x) =>
            Exp(w, x) is var e && w.Node("Div", [e, Sum(w, e)]) is var p ? w.Node("Where", [w.Node("IsNaN", [p]), w.Scalar(0), p]) : "",
        ["a mask of heads that hides none behind it"] = (w, x) =>
            w.Node("Mul", [w.Node("Cast", [Softmax(w, x)], Attribute("to", OnnxTensor.Float)), w.Weight([.. Enumerable.Repeat(1f, Heads)], 1, Heads, 1, 1)]),
        ["limits behind it"] = (w, x) => w.Node("Clip", [Softmax(w, x), w.Number(0), w.Number(1)]),
        ["an epsilon behind it, and the sum again"] = (w, x) =>
            w.Node("Add", [Softmax(w, x), w.Scalar(1e-9f)]) is var p ? w.Node("Div", [p, Sum(w, p)]) : "",
        ["rows below each other"] = (w, x) => w.Node("Reshape",
            [w.Node("Softmax", [w.Node("Reshape", [x, w.Integers(-1, 17)])], Attribute("axis", 1)), w.Node("Shape", [x])]),
        ["rows below each other, Flatten"] = (w, x) =>
            w.Node("Reshape", [Softmax(w, w.Node("Flatten", [x], Attribute("axis", 3))), w.Node("Shape", [x])]),
    };

    private static string Softmax(ModelWriter writer, string scores) => writer.Node("Softmax", [scores], Attribute("axis", -1));

    /// <summary>Transformers with each of them.</summary>
    internal static IReadOnlyDictionary<string, SyntheticTransformer> Models { get; } = Softmaxes.ToDictionary(form => form.Key,
        form => new SyntheticTransformer { Attention = (writer, projections) => With(writer, projections, form.Value) });

    [Theory]
    [MemberData(nameof(Spellings))]
    public void A_softmax_is_found_however_it_is_spelled(string spelling) => Compare(spelling, Models[spelling]);

    [Fact]
    public void Axes_may_be_attributes_as_in_old_files() => Compare("opset 12", new SyntheticTransformer
    {
        Opset = 12,
        Attention = (writer, projections) => With(writer, projections, (w, x) =>
        {
            var e = Exp(w, x);
            var sum = w.Node("ReduceSum", [e], Attribute("axes", [-1L]), Attribute("keepdims", 0));
            return w.Node("Div", [e, w.Node("Unsqueeze", [sum], Attribute("axes", [-1L]))]);
        }),
    });

    [Fact]
    public void Heads_may_be_folded_into_the_batch() => Compare("folded", new SyntheticTransformer
    {
        Attention = (writer, projections) =>
        {
            var (query, key, value) = projections.All(writer);
            string Fold(string tokens) => writer.Node("Reshape", [SplitHeads(writer, tokens), writer.Integers(Heads, -1, HeadWidth)]);
            var scores = writer.Node("MatMul", [Scale(writer, Fold(query)), writer.Node("Transpose", [Fold(key)], Attribute("perm", 0, 2, 1))]);
            var e = Exp(writer, scores);
            var sum = writer.Node("Unsqueeze", [writer.Node("ReduceSum", [e, writer.Integers(2)], Attribute("keepdims", 0)), writer.Integers(2)]);
            var mixed = writer.Node("MatMul", [writer.Node("Div", [e, sum]), Fold(value)]);
            return MergeHeads(writer, writer.Node("Reshape", [mixed, writer.Integers(1, Heads, -1, HeadWidth)]));
        },
    });

    [Theory]
    [InlineData(13, "Div")]
    [InlineData(17, "Mul")]
    [InlineData(12, "Div")]
    public void The_sum_may_divide_after_the_values_are_mixed(long opset, string type) => Compare($"deferred {type}, opset {opset}", new SyntheticTransformer
    {
        Opset = opset,
        Attention = (writer, projections) =>
        {
            var (query, key, value) = projections.All(writer);
            var e = Exp(writer, Scale(writer, writer.Node("MatMul", [SplitHeads(writer, query), SplitHeads(writer, key, transposed: true)])));
            var sum = opset < 13 ? writer.Node("ReduceSum", [e], Attribute("axes", [-1L])) : Sum(writer, e);
            var mixed = writer.Node("MatMul", [e, SplitHeads(writer, value)]);
            return MergeHeads(writer, type == "Div" ? writer.Node("Div", [mixed, sum]) : writer.Node("Mul", [writer.Node("Reciprocal", [sum]), mixed]));
        },
    });

    [Fact]
    public void A_quantised_softmax_gives_its_probabilities()
    {
        const float step = 1f / 256;
        using var plain = Load(new SyntheticTransformer());
        using var quantised = Load(new SyntheticTransformer
        {
            Attention = (writer, projections) => With(writer, projections, (w, x) =>
            {
                var (scale, zero) = (w.Number(0.25f), w.Bytes(OnnxTensor.UInt8, [128]));
                var (outScale, outZero) = (w.Number(step), w.Bytes(OnnxTensor.UInt8, [0]));
                var softmax = w.Node("com.microsoft::QLinearSoftmax", [w.Node("QuantizeLinear", [x, scale, zero]), scale, zero, outScale, outZero],
                    Attribute("axis", -1), Attribute("opset", 17));
                return w.Node("DequantizeLinear", [softmax, outScale, outZero]);
            }),
        });
        var error = ReferenceArrays.LargestDifference(AttentionOf(plain), AttentionOf(quantised));
        output.WriteLine($"QLinearSoftmax: {error:g3}");
        // Scores of up to ±32 in steps of a quarter.
        Assert.True(error <= 0.2f, $"differs by {error}");
    }

    [Fact]
    public void Rows_that_do_not_sum_to_one_are_refused_and_not_shown()
    {
        var model = new SyntheticTransformer { Attention = (writer, projections) =>
            With(writer, projections, (w, x) => Exp(w, x) is var e ? w.Node("Div", [e, w.Node("Add", [Sum(w, e), w.Scalar(1000)])]) : "") };
        Assert.Contains("and not to one", Assert.Throws<ModelRefusedException>(() => Load(model)).Message, StringComparison.Ordinal);
    }

    private void Compare(string spelling, SyntheticTransformer model)
    {
        using var plain = Load(new SyntheticTransformer());
        using var other = Load(model);
        Assert.Equal((Layers, Heads), (other.Vision.Layers.Count, other.Vision.Heads));
        var error = ReferenceArrays.LargestDifference(AttentionOf(plain), AttentionOf(other));
        output.WriteLine($"{spelling}: {error:g3}");
        Assert.True(error <= 5e-6f, $"differs by {error}");
    }

    private ModelTowers Load(SyntheticTransformer model) => TowerLoader.Load(ModelFolder.Open(model.Write(folder.At("synthetic.onnx"))), FixtureModels.Factory);

    private static float[] AttentionOf(ModelTowers towers)
    {
        var tower = towers.Vision;
        var random = new Random(5);
        var pixels = Enumerable.Range(0, 3 * tower.ImageSize.Width * tower.ImageSize.Height).Select(_ => random.NextSingle()).ToArray();
        return FixtureModels.Concat(FixtureModels.Run(tower, pixels, tower.Layers.Select(layer => layer.HeadAttention.Name)));
    }

    private static string With(ModelWriter writer, Projections projections, Func<ModelWriter, string, string> softmax)
    {
        var (query, key, value) = projections.All(writer);
        var scores = Scale(writer, writer.Node("MatMul", [SplitHeads(writer, query), SplitHeads(writer, key, transposed: true)]));
        return MergeHeads(writer, writer.Node("MatMul", [softmax(writer, scores), SplitHeads(writer, value)]));
    }

    private static string Exp(ModelWriter writer, string scores) => writer.Node("Exp", [scores]);
    private static string Sum(ModelWriter writer, string row, long keep = 1) =>
        writer.Node("ReduceSum", [row, writer.Integers(-1)], Attribute("keepdims", keep));
    private static string Largest(ModelWriter writer, string scores) => writer.Node("ReduceMax", [scores], Attribute("axes", [-1L]));
    private static string LessLargest(ModelWriter writer, string scores) => writer.Node("Sub", [scores, Largest(writer, scores)]);
}
