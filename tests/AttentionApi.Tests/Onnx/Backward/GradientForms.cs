using AttentionApi.Core.Onnx.Proto;
using static AttentionApi.Tests.Onnx.ModelWriter;
using static AttentionApi.Tests.Onnx.SyntheticTransformer;

namespace AttentionApi.Tests.Onnx.Backward;

/// <summary>Ways to write the parts of a transformer through which gradients have to pass.</summary>
internal static class GradientForms
{
    private const int Hidden = 2 * Width;

    public static IReadOnlyDictionary<string, SyntheticTransformer> All { get; } = new Dictionary<string, SyntheticTransformer>
    {
        ["Relu"] = new(),
        ["channels last"] = new() { ChannelsLast = true },
        ["a softmax that is divided by its sum after the values are mixed"] = new() { Attention = DividedLast },
        ["Gelu, opset 20"] = Activated(20, (writer, u) => writer.Node("Gelu", [u])),
        ["Gelu by tanh, opset 20"] = Activated(20, (writer, u) => writer.Node("Gelu", [u], Attribute("approximate", "tanh"))),
        ["Gelu of ONNX Runtime"] = Activated(17, (writer, u) => writer.Node("com.microsoft::Gelu", [u])),
        ["BiasGelu"] = Activated(17, (writer, u) => writer.Node("com.microsoft::BiasGelu", [u, writer.Weight(Hidden)])),
        ["FastGelu"] = Activated(17, (writer, u) => writer.Node("com.microsoft::FastGelu", [u, writer.Weight(Hidden)])),
        ["QuickGelu"] = Activated(17, (writer, u) => writer.Node("com.microsoft::QuickGelu", [u], Attribute("alpha", 1.702f))),
        ["Gelu written out"] = Activated(17, WrittenGelu),
        ["HardSwish"] = Activated(17, (writer, u) => writer.Node("HardSwish", [u])),
        ["Mish"] = Activated(18, (writer, u) => writer.Node("Mish", [u])),
        ["LeakyRelu"] = Activated(17, (writer, u) => writer.Node("LeakyRelu", [u], Attribute("alpha", 0.1f))),
        ["a Gemm joined with its activation"] = new() { Head = (writer, tokens) => writer.Node("com.microsoft::FusedGemm",
            [writer.Node("Gather", [tokens, writer.Integer(0)], Attribute("axis", 1)), writer.Weight(Width, Width), writer.Weight(Width)],
            Attribute("activation", "LeakyRelu"), Attribute("activation_alpha", 0.2f)) },
        ["a head on a token of unit length"] = new() { Head = (writer, tokens) =>
            writer.Node("LpNormalization", [writer.Node("Gather", [tokens, writer.Integer(0)], Attribute("axis", 1))], Attribute("axis", -1L)) },
        ["a head on a token divided by its squares"] = new() { Head = (writer, tokens) =>
        {
            var token = writer.Node("Gather", [tokens, writer.Integer(0)], Attribute("axis", 1));
            var squares = writer.Node("ReduceSumSquare", [token], Attribute("axes", [-1L]), Attribute("keepdims", 1));
            return writer.Node("Div", [token, writer.Node("Sqrt", [writer.Node("Min", [squares, writer.Scalar(1e6f)])])]);
        } },
        ["SwiGLU"] = Activated(17, Gated, 2 * Hidden),
        ["a norm written out"] = Normed(17, (writer, tokens) => WrittenNorm(writer, tokens, (w, x) => w.Node("Pow", [x, w.Scalar(2)]))),
        ["a norm written out with x·x"] = Normed(17, (writer, tokens) => WrittenNorm(writer, tokens, (w, x) => w.Node("Mul", [x, x]))),
        ["RMSNormalization, opset 23"] = Normed(23, (writer, tokens) => writer.Node("RMSNormalization", [tokens, writer.Weight(Width)])),
        ["SimplifiedLayerNormalization"] = Normed(17, (writer, tokens) =>
            writer.Node("SimplifiedLayerNormalization", [tokens, writer.Weight(Width)], Attribute("axis", -1), Attribute("epsilon", 1e-6f))),
        ["SkipLayerNormalization"] = new() { Wiring = SkipNorm },
        ["layer scale"] = new() { Wiring = LayerScale },
        ["a head on a slice"] = new() { Head = (writer, tokens) => writer.Node("Squeeze", [Slice(writer, tokens, 0, 1), writer.Integers(1)]) },
        ["a head on the last token"] = new() { Head = (writer, tokens) => writer.Node("Gather", [tokens, writer.Integer(-1)], Attribute("axis", 1)) },
        ["a head on the mean token"] = new() { Head = Mean },
        ["a head on the mean patch"] = new() { Head = (writer, tokens) => Mean(writer, Slice(writer, tokens, 1, int.MaxValue)) },
        ["a head on two tokens"] = new() { Head = (writer, tokens) =>
            Mean(writer, writer.Node("Gather", [tokens, writer.Integers(0, 3)], Attribute("axis", 1))) },
        ["a head on CLS and mean patch"] = new() { Head = TwoHeads },
        ["tokens first"] = new()
        {
            TokensFirst = true, Attention = TokensFirst,
            Head = (writer, tokens) =>
                writer.Node("Gather", [writer.Node("Transpose", [tokens], Attribute("perm", 1, 0, 2)), writer.Integer(0)], Attribute("axis", 1)),
        },
        ["queries, keys and values packed, three first"] = new() { Attention = ThreeFirst },
        ["queries, keys and values split"] = new() { Attention = SplitProjection },
        ["FusedMatMul"] = new() { Attention = FusedProducts },
        ["Einsum of Keras, heads in the weights"] = new() { Attention = KerasAttention },
        ["Einsum with an ellipsis and without an arrow"] = new() { Attention = EllipsisAttention },
        ["queries, keys and values split into a sequence by their lengths"] = new() { Attention = (writer, projections) =>
            SplitIntoSequence(writer, projections, writer.Integers(Width, Width, Width)) },
        ["queries, keys and values split into a sequence of equal parts"] = new() { Attention = (writer, projections) =>
            SplitIntoSequence(writer, projections, writer.Integer(Width)) },
        ["a head on a token out of a sequence"] = new() { Head = (writer, tokens) => writer.Node("SequenceAt",
            [writer.Node("SplitToSequence", [tokens], Attribute("axis", 1), Attribute("keepdims", 0)), writer.Integer(-2)]) },
        ["an Einsum that sums tokens"] = new() { Head = (writer, tokens) =>
            writer.Node("Mul", [writer.Node("Einsum", [tokens], Attribute("equation", "bnd -> bd")), writer.Scalar(1f / 17)]) },
        ["an Einsum that broadcasts"] = new() { Head = (writer, tokens) =>
            writer.Node("Einsum", [writer.Node("Mul", [tokens, writer.Scalar(1f / 17)]), writer.Weight(1, 1, Width)], Attribute("equation", "bnd,bnd->bd")) },
    };

    private static string SplitIntoSequence(ModelWriter writer, Projections projections, string lengths)
    {
        var sequence = writer.Node("SplitToSequence", [PackedProjection(writer, projections), lengths], Attribute("axis", -1));
        string Part(int part) => writer.Node("SequenceAt", [sequence, writer.Integer(part)]);
        var scores = Scale(writer, writer.Node("MatMul", [SplitHeads(writer, Part(0)), SplitHeads(writer, Part(1), transposed: true)]));
        return MergeHeads(writer, writer.Node("MatMul", [writer.Node("Softmax", [scores], Attribute("axis", -1)), SplitHeads(writer, Part(2))]));
    }

    private static SyntheticTransformer Activated(long opset, Func<ModelWriter, string, string> activation, int up = Hidden) => new()
    {
        Opset = opset,
        Wiring = (writer, block) =>
        {
            var attended = writer.Node("Add", [block.Stream, block.Attend(block.Norm(block.Stream))]);
            var u = writer.Node("Add", [writer.Node("MatMul", [block.Norm(attended), writer.Weight(Width, up)]), writer.Weight(up)]);
            return writer.Node("Add", [attended, writer.Node("MatMul", [activation(writer, u), writer.Weight(Hidden, Width)])]);
        },
    };

    private static string DividedLast(ModelWriter writer, Projections projections)
    {
        var (query, key, value) = projections.All(writer);
        var exponentials = writer.Node("Exp", [Scale(writer, writer.Node("MatMul", [SplitHeads(writer, query), SplitHeads(writer, key, transposed: true)]))]);
        var sum = writer.Node("ReduceSum", [exponentials, writer.Integers(-1)]);
        return MergeHeads(writer, writer.Node("Div", [writer.Node("MatMul", [exponentials, SplitHeads(writer, value)]), sum]));
    }

    private static SyntheticTransformer Normed(long opset, Func<ModelWriter, string, string> norm) => new()
    {
        Opset = opset, Wiring = (writer, block) => PreNorm(writer, block with { Norm = tokens => norm(writer, tokens) }),
    };

    private static string WrittenGelu(ModelWriter writer, string u)
    {
        var erf = writer.Node("Erf", [writer.Node("Div", [u, writer.Scalar(MathF.Sqrt(2))])]);
        return writer.Node("Mul", [writer.Node("Mul", [u, writer.Node("Add", [erf, writer.Scalar(1)])]), writer.Scalar(0.5f)]);
    }

    private static string Gated(ModelWriter writer, string u)
    {
        writer.Append("Split", [u, writer.Integers(Hidden, Hidden)], [$"{u}/gate", $"{u}/value"], Attribute("axis", -1));
        var silu = writer.Node("Mul", [$"{u}/gate", writer.Node("Sigmoid", [$"{u}/gate"])]);
        return writer.Node("Mul", [silu, $"{u}/value"]);
    }

    private static string WrittenNorm(ModelWriter writer, string tokens, Func<ModelWriter, string, string> square)
    {
        string MeanOf(string tensor) => writer.Node("ReduceMean", [tensor], Attribute("axes", [-1L]));
        var centred = writer.Node("Sub", [tokens, MeanOf(tokens)]);
        var deviation = writer.Node("Sqrt", [writer.Node("Add", [MeanOf(square(writer, centred)), writer.Scalar(1e-5f)])]);
        return writer.Node("Add", [writer.Node("Mul", [writer.Node("Div", [centred, deviation]), writer.Weight(Width)]), writer.Weight(Width)]);
    }

    /// <summary>Both additions fused with the norm that follows them; the second keeps its sum to itself.</summary>
    private static string SkipNorm(ModelWriter writer, Block block)
    {
        var attended = block.Attend(block.Norm(block.Stream));
        var sum = $"{attended}/sum";
        AttributeProto[] epsilon = [Attribute("epsilon", 1e-5f)];
        writer.Append("com.microsoft::SkipLayerNormalization", [block.Stream, attended, writer.Weight(Width), writer.Weight(Width), writer.Weight(Width)],
            [$"{attended}/norm", "", "", sum], epsilon);
        return writer.Node("Add", [sum, block.FeedForward($"{attended}/norm")]);
    }

    private static string LayerScale(ModelWriter writer, Block block)
    {
        var attended = writer.Node("Add", [writer.Node("Mul", [block.Attend(block.Norm(block.Stream)), writer.Weight(Width)]), block.Stream]);
        return writer.Node("Add", [writer.Node("Mul", [writer.Weight(Width), block.FeedForward(block.Norm(attended))]), attended]);
    }

    public static string Slice(ModelWriter writer, string tokens, long start, long end) =>
        writer.Node("Slice", [tokens, writer.Integers(start), writer.Integers(end), writer.Integers(1)]);

    private static string Mean(ModelWriter writer, string tokens) => writer.Node("ReduceMean", [tokens], Attribute("axes", [1L]), Attribute("keepdims", 0));

    private static string TwoHeads(ModelWriter writer, string tokens)
    {
        var both = writer.Node("Concat", [writer.Node("Gather", [tokens, writer.Integer(0)], Attribute("axis", 1)),
            Mean(writer, Slice(writer, tokens, 1, int.MaxValue))], Attribute("axis", -1));
        return writer.Node("MatMul", [writer.Node("Flatten", [both]), writer.Weight(2 * Width, Width)]);
    }

    private static string TokensFirst(ModelWriter writer, Projections projections)
    {
        var (query, key, value) = projections.All(writer);
        string Fold(string tokens) =>
            writer.Node("Transpose", [writer.Node("Reshape", [tokens, writer.Integers(0, Heads, HeadWidth)])], Attribute("perm", 1, 0, 2));
        var scores = writer.Node("MatMul", [Scale(writer, Fold(query)), writer.Node("Transpose", [Fold(key)], Attribute("perm", 0, 2, 1))]);
        var mixed = writer.Node("MatMul", [writer.Node("Softmax", [scores], Attribute("axis", 2)), Fold(value)]);
        return writer.Node("Reshape", [writer.Node("Transpose", [mixed], Attribute("perm", 1, 0, 2)), writer.Integers(0, 1, Width)]);
    }

    private static string PackedProjection(ModelWriter writer, Projections projections) => writer.Node("Add",
        [writer.Node("MatMul", [projections.Input, writer.Weight(projections.Packed(), Width, 3 * Width)]), writer.Weight(projections.Bias, 3 * Width)]);

    /// <summary>As timm writes it: the first axis counts query, key and value.</summary>
    private static string ThreeFirst(ModelWriter writer, Projections projections)
    {
        var packed = writer.Node("Reshape", [PackedProjection(writer, projections), writer.Integers(1, -1, 3, Heads, HeadWidth)]);
        var sorted = writer.Node("Transpose", [packed], Attribute("perm", 2, 0, 3, 1, 4));
        string Part(long place) => writer.Node("Gather", [sorted, writer.Integer(place)], Attribute("axis", 0));
        var scores = Scale(writer, writer.Node("MatMul", [Part(0), writer.Node("Transpose", [Part(1)], Attribute("perm", 0, 1, 3, 2))]));
        return MergeHeads(writer, writer.Node("MatMul", [writer.Node("Softmax", [scores], Attribute("axis", -1)), Part(2)]));
    }

    private static string SplitProjection(ModelWriter writer, Projections projections)
    {
        var packed = PackedProjection(writer, projections);
        string[] parts = [$"{packed}/q", $"{packed}/k", $"{packed}/v"];
        writer.Append("Split", [packed, writer.Integers(Width, Width, Width)], parts, Attribute("axis", -1));
        var scores = Scale(writer, writer.Node("MatMul", [SplitHeads(writer, parts[0]), SplitHeads(writer, parts[1], transposed: true)]));
        return MergeHeads(writer, writer.Node("MatMul", [writer.Node("Softmax", [scores], Attribute("axis", -1)), SplitHeads(writer, parts[2])]));
    }

    /// <summary>As Keras' MultiHeadAttention is exported: keys first, tokens before heads, the output projection sums heads and width at once.</summary>
    private static string KerasAttention(ModelWriter writer, Projections projections)
    {
        string Einsum(string equation, params string[] operands) => writer.Node("Einsum", operands, Attribute("equation", equation));
        string Project(float[] weight, int part) => writer.Node("Add",
        [
            Einsum("abc,cde->abde", projections.Input, writer.Weight(weight, Width, Heads, HeadWidth)),
            writer.Weight(projections.Bias[(part * Width)..((part + 1) * Width)], Heads, HeadWidth),
        ]);
        var (query, key, value) = (Project(projections.Query, 0), Project(projections.Key, 1), Project(projections.Value, 2));
        var scores = Scale(writer, Einsum("aecd,abcd->acbe", key, query));
        var mixed = Einsum("acbe,aecd->abcd", writer.Node("Softmax", [scores], Attribute("axis", -1)), value);
        var identity = Enumerable.Range(0, Width * Width).Select(i => i / Width == i % Width ? 1f : 0).ToArray();
        return Einsum("abcd,cde->abe", mixed, writer.Weight(identity, Heads, HeadWidth, Width));
    }

    private static string EllipsisAttention(ModelWriter writer, Projections projections)
    {
        string Einsum(string equation, params string[] operands) => writer.Node("Einsum", operands, Attribute("equation", equation));
        string Project(float[] weight, int part) => writer.Node("Add", [Einsum("...d,de", projections.Input, writer.Weight(weight, Width, Width)),
            writer.Weight(projections.Bias[(part * Width)..((part + 1) * Width)], Width)]);
        var (query, key, value) = (Project(projections.Query, 0), Project(projections.Key, 1), Project(projections.Value, 2));
        var scores = Scale(writer, Einsum("...id,...jd->...ij", SplitHeads(writer, query), SplitHeads(writer, key)));
        return MergeHeads(writer, Einsum("...ij,...jd->...id", writer.Node("Softmax", [scores], Attribute("axis", -1)), SplitHeads(writer, value)));
    }

    private static string FusedProducts(ModelWriter writer, Projections projections)
    {
        var (query, key, value) = projections.All(writer);
        var scores = writer.Node("com.microsoft::FusedMatMul", [SplitHeads(writer, query), SplitHeads(writer, key)], Attribute("transB", 1),
            Attribute("alpha", 1 / MathF.Sqrt(HeadWidth)));
        return MergeHeads(writer, writer.Node("com.microsoft::FusedMatMul",
            [writer.Node("Softmax", [scores], Attribute("axis", -1)), SplitHeads(writer, value)], Attribute("alpha", 0.5f)));
    }
}
