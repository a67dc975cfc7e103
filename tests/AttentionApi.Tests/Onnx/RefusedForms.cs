using AttentionApi.Core.Onnx.Graph;
using static AttentionApi.Tests.Onnx.ModelWriter;
using static AttentionApi.Tests.Onnx.SyntheticTransformer;

namespace AttentionApi.Tests.Onnx;

/// <summary>Models that run but whose attention is no attention between all tokens, or that ask for what this program does not give.</summary>
internal static class RefusedForms
{
    public static void Write(string form, string path)
    {
        switch (form)
        {
            case "windows": new SyntheticTransformer { Prefix = [], Attention = Windows, Head = FirstToken }.Write(path); break;
            case "talking heads": With(path, (writer, projections) => Written(writer, projections, s => s, p => TalkingHeads(writer, p))); break;
            case "a gate on the probabilities": With(path, (writer, projections) =>
                Written(writer, projections, s => s, p => writer.Node("Mul", [p, writer.Scalar(0.5f)]))); break;
            case "attention over channels": With(path, Channels); break;
            case "fewer keys than queries": With(path, FewerKeys); break;
            case "no residual": new SyntheticTransformer { Wiring = (_, block) =>
                block.FeedForward(block.Attend(block.Norm(block.Stream))) }.Write(path); break;
            case "GroupQueryAttention": With(path, GroupQuery); break;
            case "a mask inside com.microsoft.Attention": With(path, MaskedPacked); break;
            case "an operator of no opset": new SyntheticTransformer { Head = (writer, tokens) =>
                writer.Node("SquareRoot", [FirstToken(writer, tokens)]) }.Write(path); break;
            case "a further input": Edited(path, writer => writer.Input("extra", 1, 4)); break;
            case "a picture of a million pixels a side": new SyntheticTransformer { Height = 1_000_000, ImageWidth = 1_000_000 }.Write(path); break;
            case "batches of eight": Resized(path, [8, 3, 32, 32]); break;
            case "channels last": Resized(path, [1, 32, 32, 3]); break;
            default: throw new ArgumentOutOfRangeException(nameof(form), form, "No such form.");
        }
    }

    private static void With(string path, Func<ModelWriter, Projections, string> attention) => new SyntheticTransformer { Attention = attention }.Write(path);

    private static string FirstToken(ModelWriter writer, string tokens) => writer.Node("Gather", [tokens, writer.Integer(0)], Attribute("axis", 1));

    /// <summary>16 tokens in four windows of four, as Swin cuts them: [windows, heads, 4, 4].</summary>
    private static string Windows(ModelWriter writer, Projections projections)
    {
        var (query, key, value) = projections.All(writer);
        string Cut(string tokens) => writer.Node("Reshape", [tokens, writer.Integers(4, 4, Width)]);
        var scores = writer.Node("MatMul", [SplitHeads(writer, Cut(query)), SplitHeads(writer, Cut(key), transposed: true)]);
        var mixed = MergeHeads(writer, writer.Node("MatMul", [writer.Node("Softmax", [scores], Attribute("axis", -1)), SplitHeads(writer, Cut(value))]));
        return writer.Node("Reshape", [mixed, writer.Integers(1, 16, Width)]);
    }

    private static string TalkingHeads(ModelWriter writer, string probabilities)
    {
        var last = writer.Node("Transpose", [probabilities], Attribute("perm", 0, 2, 3, 1));
        return writer.Node("Transpose", [writer.Node("MatMul", [last, writer.Weight(Heads, Heads)])], Attribute("perm", 0, 3, 1, 2));
    }

    /// <summary>XCiT's cross-covariance: channels attend to channels.</summary>
    private static string Channels(ModelWriter writer, Projections projections)
    {
        var (query, key, value) = projections.All(writer);
        var scores = writer.Node("MatMul", [SplitChannels(writer, query), SplitHeads(writer, key)]);
        var mixed = writer.Node("MatMul", [writer.Node("Softmax", [scores], Attribute("axis", -1)), SplitChannels(writer, value)]);
        return MergeHeads(writer, writer.Node("Transpose", [mixed], Attribute("perm", 0, 1, 3, 2)));
    }

    private static string SplitChannels(ModelWriter writer, string tokens) => SplitHeads(writer, tokens, transposed: true);

    private static string FewerKeys(ModelWriter writer, Projections projections)
    {
        var (query, key, value) = projections.All(writer);
        string Few(string tokens) => writer.Node("Slice", [tokens, writer.Integers(0), writer.Integers(4), writer.Integers(1)]);
        var scores = writer.Node("MatMul", [SplitHeads(writer, query), SplitHeads(writer, Few(key), transposed: true)]);
        return MergeHeads(writer, writer.Node("MatMul", [writer.Node("Softmax", [scores], Attribute("axis", -1)), SplitHeads(writer, Few(value))]));
    }

    private static string GroupQuery(ModelWriter writer, Projections projections)
    {
        var (query, key, value) = projections.All(writer);
        var length = writer.Bytes(OnnxTensor.Int32, [16, 0, 0, 0], 1);
        return writer.Node("com.microsoft::GroupQueryAttention", [query, key, value, "", "", length, writer.Bytes(OnnxTensor.Int32, [17, 0, 0, 0])],
            Attribute("num_heads", Heads), Attribute("kv_num_heads", Heads));
    }

    private static string MaskedPacked(ModelWriter writer, Projections projections)
    {
        var mask = writer.Bytes(OnnxTensor.Int32, [17, 0, 0, 0], 1);
        return writer.Node("com.microsoft::Attention",
            [projections.Input, writer.Weight(projections.Packed(), Width, 3 * Width), writer.Weight(projections.Bias, 3 * Width), mask],
                Attribute("num_heads", Heads));
    }

    private static void Edited(string path, Action<ModelWriter> edit)
    {
        new SyntheticTransformer
        {
            Patchify = (writer, pixels) =>
            {
                edit(writer);
                return Convolution(writer, pixels, 8, 8, 0);
            },
            Head = (writer, tokens) => writer.Graph.Input.Count > 1
                ? writer.Node("Add", [FirstToken(writer, tokens), writer.Node("ReduceMean", ["extra"], Attribute("keepdims", 0))]) : FirstToken(writer, tokens),
        }.Write(path);
    }

    private static void Resized(string path, long[] shape) => Edited(path, writer =>
    {
        writer.Graph.Input.Clear();
        writer.Input("pixels", shape);
    });
}
