using static AttentionApi.Tests.Onnx.ModelWriter;

namespace AttentionApi.Tests.Onnx;

/// <summary>
/// A vision transformer of two layers whose parts can be exchanged: how patches are cut, what stands beside them, how attention is written, how a block is
/// wired, what the head reads. Weights are the same for the same sizes, so that two ways to write the same thing can be compared.
/// </summary>
internal sealed class SyntheticTransformer
{
    public const int Width = 16, Heads = 4, HeadWidth = Width / Heads, Layers = 2, Classes = 5;

    public long Opset { get; init; } = 17;
    public int Height { get; init; } = 32;
    public int ImageWidth { get; init; } = 32;

    /// <summary>Declared sizes of the picture are dynamic.</summary>
    public bool DynamicSize { get; init; }

    /// <summary>The picture is [batch, height, width, 3].</summary>
    public bool ChannelsLast { get; init; }

    /// <summary>Pixels to patch tokens [1, m, width].</summary>
    public Func<ModelWriter, string, string> Patchify { get; init; } = (writer, pixels) => Convolution(writer, pixels, kernel: 8, stride: 8, pad: 0);

    /// <summary>Layers see [tokens, 1, width] instead of [1, tokens, width].</summary>
    public bool TokensFirst { get; init; }

    /// <summary>Sizes of the token blocks that a Concat puts before and after the patches.</summary>
    public long[] Prefix { get; init; } = [1];
    public long[] Suffix { get; init; } = [];

    public Func<ModelWriter, Projections, string> Attention { get; init; } = Written;
    public Func<ModelWriter, Block, string> Wiring { get; init; } = PreNorm;

    /// <summary>From the normalised tokens to the answer.</summary>
    public Func<ModelWriter, string, string> Head { get; init; } = (writer, tokens) => writer.Node("Gather", [tokens, writer.Integer(0)], Attribute("axis", 1));

    /// <summary>Logits that the head gives.</summary>
    public int ClassCount { get; init; } = Classes;

    /// <summary>From the logits [1, classes] to what the file answers.</summary>
    public Func<ModelWriter, string, string> Scores { get; init; } = (_, logits) => logits;

    /// <summary>What the file calls its answer.</summary>
    public string OutputName { get; init; } = "logits";

    /// <summary>Weights of one layer's projections, and the normalised input.</summary>
    public sealed record Projections(string Input, float[] Query, float[] Key, float[] Value, float[] Bias)
    {
        public string Project(ModelWriter writer, float[] weight, int part) =>
            writer.Node("Add", [writer.Node("MatMul", [Input, writer.Weight(weight, Width, Width)]),
                writer.Weight(Bias[(part * Width)..((part + 1) * Width)], Width)]);

        public (string Query, string Key, string Value) All(ModelWriter writer) =>
            (Project(writer, Query, 0), Project(writer, Key, 1), Project(writer, Value, 2));

        /// <summary>[width, 3·width], as fused operators want it.</summary>
        public float[] Packed()
        {
            var packed = new float[Width * 3 * Width];
            foreach (var (part, weight) in new[] { Query, Key, Value }.Index())
            {
                for (var i = 0; i < weight.Length; i++) packed[i / Width * 3 * Width + part * Width + i % Width] = weight[i];
            }
            return packed;
        }
    }

    /// <summary>What a block is wired from.</summary>
    public sealed record Block(string Stream, Func<string, string> Norm, Func<string, string> Attend, Func<string, string> FeedForward);

    public string Write(string path)
    {
        var writer = new ModelWriter(Opset);
        var (height, width) = DynamicSize ? (-1, -1) : (Height, ImageWidth);
        var pixels = ChannelsLast ? writer.Input("pixels", -1, height, width, 3) : writer.Input("pixels", -1, 3, height, width);
        var patches = Patchify(writer, ChannelsLast ? writer.Node("Transpose", [pixels], Attribute("perm", 0, 3, 1, 2)) : pixels);
        string Block(long size) => writer.Weight(1, size, Width);
        string[] parts = [.. Prefix.Select(Block), patches, .. Suffix.Select(Block)];
        var stream = parts.Length > 1 ? writer.Node("Concat", parts, Attribute("axis", 1)) : patches;
        if (TokensFirst) stream = writer.Node("Transpose", [stream], Attribute("perm", 1, 0, 2));
        for (var layer = 0; layer < Layers; layer++) stream = Layer(writer, stream);
        var read = Head(writer, Normalize(writer, stream));
        writer.Output(Scores(writer, writer.Node("MatMul", [read, writer.Weight(Width, ClassCount)])), OutputName);
        writer.Save(path);
        return path;
    }

    public static string Convolution(ModelWriter writer, string pixels, int kernel, int stride, int pad)
    {
        var map = writer.Node("Conv", [pixels, writer.Weight(Width, 3, kernel, kernel)],
            Attribute("kernel_shape", kernel, kernel), Attribute("strides", stride, stride), Attribute("pads", pad, pad, pad, pad));
        return Flatten(writer, map);
    }

    public static string Flatten(ModelWriter writer, string map) =>
        writer.Node("Transpose", [writer.Node("Reshape", [map, writer.Integers(1, Width, -1)])], Attribute("perm", 0, 2, 1));

    /// <summary>Attention as most exporters write it.</summary>
    public static string Written(ModelWriter writer, Projections projections) => Written(writer, projections, scores => scores, probabilities => probabilities);

    public static string Written(ModelWriter writer, Projections projections, Func<string, string> beforeSoftmax, Func<string, string> afterSoftmax)
    {
        var (query, key, value) = projections.All(writer);
        var scores = Scale(writer, writer.Node("MatMul", [SplitHeads(writer, query), SplitHeads(writer, key, transposed: true)]));
        var probabilities = writer.Node("Softmax", [beforeSoftmax(scores)], Attribute("axis", -1));
        return MergeHeads(writer, writer.Node("MatMul", [afterSoftmax(probabilities), SplitHeads(writer, value)]));
    }

    public static string Scale(ModelWriter writer, string scores) => writer.Node("Mul", [scores, writer.Scalar(1 / MathF.Sqrt(HeadWidth))]);

    public static string SplitHeads(ModelWriter writer, string tokens, bool transposed = false) => writer.Node("Transpose",
        [writer.Node("Reshape", [tokens, writer.Integers(0, 0, Heads, HeadWidth)])], transposed ? Attribute("perm", 0, 2, 3, 1)
            : Attribute("perm", 0, 2, 1, 3));

    public static string MergeHeads(ModelWriter writer, string mixed) =>
        writer.Node("Reshape", [writer.Node("Transpose", [mixed], Attribute("perm", 0, 2, 1, 3)), writer.Integers(0, 0, Width)]);

    public static string PreNorm(ModelWriter writer, Block block)
    {
        var attended = writer.Node("Add", [block.Stream, block.Attend(block.Norm(block.Stream))]);
        return writer.Node("Add", [attended, block.FeedForward(block.Norm(attended))]);
    }

    public static string Normalize(ModelWriter writer, string tokens) =>
        writer.Node("LayerNormalization", [tokens, writer.Weight(Width), writer.Weight(Width)], Attribute("axis", -1));

    private string Layer(ModelWriter writer, string stream)
    {
        var (query, key, value, bias) = (writer.Numbers(Width * Width), writer.Numbers(Width * Width),
            writer.Numbers(Width * Width), writer.Numbers(3 * Width));
        var (output, up, down) = (writer.Weight(Width, Width), writer.Weight(Width, 2 * Width), writer.Weight(2 * Width, Width));
        return Wiring(writer, new Block(
            stream,
            tokens => Normalize(writer, tokens),
            tokens => writer.Node("MatMul", [Attention(writer, new Projections(tokens, query, key, value, bias)), output]),
            tokens => writer.Node("MatMul", [writer.Node("Relu", [writer.Node("MatMul", [tokens, up])]), down])));
    }
}
