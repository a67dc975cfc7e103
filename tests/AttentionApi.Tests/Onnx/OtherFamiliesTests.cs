using AttentionApi.Core.Loading;
using AttentionApi.Core.Loading.Probing;
using AttentionApi.Core.Models;
using AttentionApi.Core.Models.Folders;
using AttentionApi.Core.Onnx.Graph;
using AttentionApi.Core.Onnx.Proto;
using AttentionApi.Core.Runtime;
using static AttentionApi.Tests.Onnx.ModelWriter;
using static AttentionApi.Tests.Onnx.SyntheticTransformer;

namespace AttentionApi.Tests.Onnx;

/// <summary>Forms of vision transformers that the fixtures do not have.</summary>
public sealed class OtherFamiliesTests(ITestOutputHelper output) : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Tokens_after_the_patches_are_suffix_tokens()
    {
        using var towers = Load(new SyntheticTransformer { Prefix = [], Suffix = [1, 2], Head = (writer, tokens) =>
            writer.Node("Gather", [tokens, writer.Integer(-3)], Attribute("axis", 1)) });
        Assert.Equal(new TokenLayout(0, new PatchGrid(4, 4), 3, HasCls: false) { HeadToken = 16 }, towers.Vision.Layout);
    }

    [Fact]
    public void Registers_alone_are_no_CLS_token()
    {
        using var towers = Load(new SyntheticTransformer { Prefix = [4], Head = MeanOfTokens });
        Assert.Equal(new TokenLayout(4, new PatchGrid(4, 4), 0, HasCls: false), towers.Vision.Layout);
        Assert.Contains("mean of the patch tokens", towers.Vision.ReadOutRefusal, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(24, 48, 3, 6)]
    [InlineData(64, 8, 8, 1)]
    [InlineData(8, 40, 1, 5)]
    public void Grids_need_not_be_square(int height, int width, int rows, int columns)
    {
        using var towers = Load(new SyntheticTransformer { Height = height, ImageWidth = width });
        Assert.Equal((new PatchGrid(rows, columns), new PixelSize(8, 8)), (towers.Vision.Layout.Grid, towers.Vision.PatchSize));
    }

    [Theory]
    [InlineData(7, 4, 3, 8)]
    [InlineData(16, 8, 4, 4)]
    [InlineData(10, 5, 0, 5)]
    public void Patches_may_overlap(int kernel, int stride, int pad, int edge)
    {
        using var towers = Load(new SyntheticTransformer { Patchify = (writer, pixels) => Convolution(writer, pixels, kernel, stride, pad) });
        Assert.Equal(new PatchGrid(edge, edge), towers.Vision.Layout.Grid);
    }

    [Fact]
    public void Patches_may_be_cut_without_a_convolution()
    {
        using var towers = Load(new SyntheticTransformer { Height = 16, ImageWidth = 32, Patchify = (writer, pixels) =>
            Unfolded(writer, pixels, columnsFirst: false) });
        Assert.Equal(new PatchGrid(2, 4), towers.Vision.Layout.Grid);
    }

    [Fact]
    public void Patches_in_columns_are_refused()
    {
        var model = new SyntheticTransformer { Height = 16, ImageWidth = 32, Patchify = (writer, pixels) => Unfolded(writer, pixels, columnsFirst: true) };
        Assert.Contains("not one block of patches in rows", Refusal(model), StringComparison.Ordinal);
    }

    [Fact]
    public void A_picture_of_any_size_takes_the_size_of_the_configuration()
    {
        var model = new SyntheticTransformer { DynamicSize = true };
        Assert.Contains("add the preprocessor_config.json or config.json", Refusal(model), StringComparison.Ordinal);

        folder.Write("config.json", """{"model_type": "vit", "image_size": [24, 40], "num_hidden_layers": 12}""");
        model.Write(Path.Combine(folder.Path, "model.onnx"));
        using var towers = TowerLoader.Load(ModelFolder.Open(folder.Path), FixtureModels.Factory);
        Assert.Equal((new PixelSize(40, 24), new PatchGrid(3, 5)), (towers.Vision.ImageSize, towers.Vision.Layout.Grid));
        Assert.Equal(["The configuration says 12 layers, the graph has 2: the graph is followed."], towers.Warnings);
    }

    public static TheoryData<string> SameAttention => [.. AttentionForms.Keys];

    /// <summary>Ways to write one and the same attention.</summary>
    internal static readonly Dictionary<string, (long Opset, Func<ModelWriter, Projections, string> Write)> AttentionForms = new()
    {
        ["a Softmax written out"] = (17, WrittenOutSoftmax),
        ["a division"] = (17, (writer, projections) => Written(writer, projections, scores => writer.Node("Div", [scores, writer.Scalar(1)]), p => p)),
        ["a mask that hides nothing"] = (17, (writer, projections) =>
            Written(writer, projections, scores => writer.Node("Add", [scores, writer.Scalar(0)]), p => p)),
        ["dropout in training mode left in"] = (17, (writer, projections) => Written(writer, projections, s => s, p => writer.Node("Dropout", [p]))),
        ["a guard against NaN"] = (17, (writer, projections) =>
            Written(writer, projections, s => s, p => writer.Node("Where", [writer.Node("IsNaN", [p]), writer.Scalar(0), p]))),
        ["heads folded into the batch"] = (17, FoldedHeads),
        ["Einsum"] = (17, EinsumAttention),
        ["keys before queries"] = (17, KeysFirst),
        ["Einsum, keys before queries"] = (17, EinsumKeysFirst),
        ["values before probabilities"] = (17, ValuesFirst),
        ["Softmax over the last of four axes, opset 12"] = (12, OldSoftmax),
        ["ai.onnx.Attention, 3-D"] = (23, (writer, projections) =>
            Fused(writer, projections, "Attention", Attribute("q_num_heads", Heads), Attribute("kv_num_heads", Heads))),
        ["ai.onnx.Attention, 4-D"] = (24, StandardAttention),
        ["MultiHeadAttention"] = (17, (writer, projections) => Fused(writer, projections, "com.microsoft::MultiHeadAttention", Attribute("num_heads", Heads))),
        ["com.microsoft.Attention"] = (17, (writer, projections) => Packed(writer, projections, [], Attribute("num_heads", Heads))),
        ["com.microsoft.Attention with sizes and a scale"] = (12, (writer, projections) => Packed(writer, projections, [],
            Attribute("num_heads", Heads), Attribute("qkv_hidden_sizes", Width, Width, Width), Attribute("scale", 1 / MathF.Sqrt(HeadWidth)))),
        ["com.microsoft.Attention with a bias on the scores"] = (17, (writer, projections) =>
            Packed(writer, projections, ["", "", writer.Weight(new float[Heads * 17 * 17], 1, Heads, 17, 17)], Attribute("num_heads", Heads))),
    };

    [Theory]
    [MemberData(nameof(SameAttention))]
    public void Attention_is_the_same_however_it_is_written(string form)
    {
        var (opset, write) = AttentionForms[form];
        // Before opset 17 the standard has no LayerNormalization, but ONNX Runtime's is found under the same name.
        using var plain = Load(new SyntheticTransformer { Opset = 17 });
        using var other = Load(new SyntheticTransformer { Opset = opset, Attention = write });
        var expected = AttentionOf(plain.Vision);
        var error = ReferenceArrays.LargestDifference(expected, AttentionOf(other.Vision));
        output.WriteLine($"{form}: {error:g3}; {expected.Count(value => value is > 0.02f and < 0.98f)} of {expected.Length} probabilities are neither 0 nor 1");
        Assert.Equal((Layers, Heads), (other.Vision.Layers.Count, other.Vision.Heads));
        Assert.True(error <= 2e-6f, $"differs by {error}");
    }

    [Theory]
    [InlineData("com.microsoft::Attention")]
    [InlineData("Attention")]
    public void Causal_fused_attention_sees_nothing_that_comes_later(string type)
    {
        using var towers = Load(new SyntheticTransformer
        {
            Opset = type == "Attention" ? 23 : 17,
            Attention = (writer, projections) => type == "Attention"
                ? Fused(writer, projections, type, Attribute("q_num_heads", Heads), Attribute("kv_num_heads", Heads), Attribute("is_causal", 1))
                : Packed(writer, projections, [], Attribute("num_heads", Heads), Attribute("unidirectional", 1)),
        });
        var tokens = towers.Vision.Tokens;
        foreach (var (i, value) in AttentionOf(towers.Vision).Index())
        {
            if (i % tokens > i / tokens % tokens) Assert.Equal(0, value);
        }
    }

    /// <summary>The loader compares the answers with those of the operator itself, and refuses a form that is written out otherwise.</summary>
    [Theory]
    [InlineData("a cap", 1)]
    [InlineData("shared keys", 1)]
    [InlineData("a mask", 1)]
    [InlineData("a mask and a cap", 1)]
    [InlineData("outputs that nobody reads", 4)]
    public void The_standard_operator_is_written_out_in_every_form(string form, int outputs)
    {
        var shared = form == "shared keys" ? 1 : Heads;
        using var towers = Load(new SyntheticTransformer
        {
            Opset = 23,
            Attention = (writer, projections) =>
            {
                var (query, key, value) = projections.All(writer);
                string Narrow(string tokens) => shared == Heads ? tokens
                    : writer.Node("Slice", [tokens, writer.Integers(0), writer.Integers(HeadWidth), writer.Integers(2)]);
                List<AttributeProto> attributes = [Attribute("q_num_heads", Heads), Attribute("kv_num_heads", shared),
                    Attribute("qk_matmul_output_mode", outputs > 1 ? 3 : 0)];
                if (form.EndsWith("cap", StringComparison.Ordinal)) attributes.Add(Attribute("softcap", 0.5f));
                List<string> inputs = [query, Narrow(key), Narrow(value)];
                if (form.Contains("mask", StringComparison.Ordinal)) inputs.Add(writer.Weight(1, 1, 17, 17));
                var names = Enumerable.Range(0, outputs).Select(output => $"{query}_{output}").ToArray();
                writer.Append("Attention", [.. inputs], names, [.. attributes]);
                return names[0];
            },
        });
        Assert.Null(towers.AttentionMissing);
        Assert.Equal((Layers, Heads), (towers.Vision.Layers.Count, towers.Vision.Heads));
        Assert.Null(towers.Vision.BlocksRefusal);
        foreach (var row in AttentionOf(towers.Vision).Chunk(towers.Vision.Tokens)) Assert.Equal(1, row.Sum(), 1e-5f);
    }

    [Fact]
    public void Quantised_fused_attention_is_opened()
    {
        using var towers = Load(new SyntheticTransformer { Attention = QuantisedPacked });
        Assert.Equal((Layers, Heads, Precision.Int8), (towers.Vision.Layers.Count, towers.Vision.Heads, towers.Precision));
    }

    [Fact]
    public void Quantisation_between_probabilities_and_values_is_seen_through()
    {
        string Quantised(ModelWriter writer, string probabilities)
        {
            var (scale, zero) = (writer.Scalar(1f / 255), writer.Bytes(OnnxTensor.UInt8, [0]));
            return writer.Node("DequantizeLinear", [writer.Node("QuantizeLinear", [probabilities, scale, zero]), scale, zero]);
        }
        using var towers = Load(new SyntheticTransformer { Attention = (writer, projections) =>
            Written(writer, projections, s => s, p => Quantised(writer, p)) });
        Assert.Equal((Layers, Precision.Int8), (towers.Vision.Layers.Count, towers.Precision));
    }

    public static TheoryData<string> Wirings => [.. BlockWirings.Keys];

    private static readonly Dictionary<string, Func<ModelWriter, Block, string>> BlockWirings = new()
    {
        ["layer scale"] = (writer, block) =>
        {
            var attended = writer.Node("Add", [writer.Node("Mul", [block.Attend(block.Norm(block.Stream)), writer.Weight(Width)]), block.Stream]);
            return writer.Node("Add", [writer.Node("Mul", [block.FeedForward(block.Norm(attended)), writer.Weight(Width)]), attended]);
        },
        ["norm of the attention's result before it is added"] = (writer, block) =>
        {
            var attended = writer.Node("Add", [block.Stream, block.Norm(block.Attend(block.Stream))]);
            return writer.Node("Add", [attended, block.Norm(block.FeedForward(attended))]);
        },
        ["attention and feed-forward in parallel, added one by one"] = (writer, block) =>
        {
            var norm = block.Norm(block.Stream);
            return writer.Node("Add", [writer.Node("Add", [block.Stream, block.Attend(norm)]), block.FeedForward(norm)]);
        },
        ["attention and feed-forward in parallel, added together"] = (writer, block) =>
        {
            var norm = block.Norm(block.Stream);
            return writer.Node("Add", [block.Stream, writer.Node("Add", [block.Attend(norm), block.FeedForward(norm)])]);
        },
    };

    [Theory]
    [MemberData(nameof(Wirings))]
    public void The_last_hidden_state_gives_the_models_answer_however_a_block_is_wired(string wiring)
    {
        using var towers = Load(new SyntheticTransformer { Wiring = BlockWirings[wiring] });
        Assert.Equal((Layers, 17), (towers.Vision.Layers.Count, towers.Vision.Tokens));
        // Offered only where it gave the model's own answer again.
        Assert.Null(towers.Vision.ReadOutRefusal);
    }

    [Fact]
    public void Tokens_may_lie_before_the_batch()
    {
        using var batchFirst = Load(new SyntheticTransformer());
        using var tokensFirst = Load(new SyntheticTransformer
        {
            TokensFirst = true,
            Attention = TokensFirst,
            Head = (writer, tokens) =>
                writer.Node("Gather", [writer.Node("Transpose", [tokens], Attribute("perm", 1, 0, 2)), writer.Integer(0)], Attribute("axis", 1)),
        });
        Assert.Equal(batchFirst.Vision.Layout, tokensFirst.Vision.Layout);
        Assert.Equal(0, ReferenceArrays.LargestDifference(AttentionOf(batchFirst.Vision), AttentionOf(tokensFirst.Vision)), 2e-6f);
        Assert.Null(tokensFirst.Vision.ReadOutRefusal);
    }

    [Fact]
    public void Attention_with_a_single_query_is_no_layer()
    {
        string ClassAttention(ModelWriter writer, string tokens)
        {
            var cls = writer.Node("Slice", [tokens, writer.Integers(0), writer.Integers(1), writer.Integers(1)]);
            string Project(string input) => writer.Node("MatMul", [input, writer.Weight(Width, Width)]);
            var scores = writer.Node("MatMul", [SplitHeads(writer, Project(cls)), SplitHeads(writer, Project(tokens), transposed: true)]);
            var mixed = MergeHeads(writer,
                writer.Node("MatMul", [writer.Node("Softmax", [scores], Attribute("axis", -1)), SplitHeads(writer, Project(tokens))]));
            return writer.Node("Squeeze", [writer.Node("Add", [cls, mixed]), writer.Integers(1)]);
        }
        using var towers = Load(new SyntheticTransformer { Head = ClassAttention });
        Assert.Equal(new AttentionSiteCounts(Layers, 0, 1), towers.Sites);
        Assert.Equal(Layers, towers.Vision.Layers.Count);
        Assert.Contains("attention", towers.Vision.ReadOutRefusal, StringComparison.Ordinal);
    }

    public static TheoryData<string, string> Refused => new()
    {
        { "windows", "window attention: sites see 4 of 16 tokens" },
        { "talking heads", "the probabilities pass through MatMul" },
        { "a gate on the probabilities", "sum to 0.5 and not to one" },
        { "attention over channels", "its attention has the shape" },
        { "fewer keys than queries", "17 queries see 4 keys of 17 tokens" },
        { "no residual", "no residual stream" },
        { "GroupQueryAttention", "GroupQueryAttention" },
        { "a mask inside com.microsoft.Attention", "with a mask" },
        { "an operator of no opset", "the unknown operator SquareRoot" },
        { "a further input", "needs the input 'extra'" },
        { "a picture of a million pixels a side", "1 to 4096 a side" },
        { "batches of eight", "batches of exactly 8" },
        { "channels last", "channels last" },
    };

    [Theory]
    [MemberData(nameof(Refused))]
    public void What_cannot_be_explained_is_refused_in_words(string form, string reason)
    {
        var path = Path.Combine(folder.Path, "model.onnx");
        RefusedForms.Write(form, path);
        var refused = Assert.Throws<ModelRefusedException>(() => TowerLoader.Load(ModelFolder.Open(path), FixtureModels.Factory));
        output.WriteLine(refused.Message);
        Assert.Contains(reason, refused.Message, StringComparison.Ordinal);
    }

    private ModelTowers Load(SyntheticTransformer model) =>
        TowerLoader.Load(ModelFolder.Open(model.Write(Path.Combine(folder.Path, "synthetic.onnx"))), FixtureModels.Factory);

    private string Refusal(SyntheticTransformer model) => Assert.Throws<ModelRefusedException>(() => Load(model)).Message;

    private static float[] AttentionOf(VisionTower tower)
    {
        var random = new Random(5);
        var pixels = Enumerable.Range(0, 3 * tower.ImageSize.Width * tower.ImageSize.Height).Select(_ => random.NextSingle()).ToArray();
        return FixtureModels.Concat(FixtureModels.Run(tower, pixels, tower.Layers.Select(layer => layer.HeadAttention.Name)));
    }

    private static string MeanOfTokens(ModelWriter writer, string tokens) =>
        writer.Node("ReduceMean", [tokens], Attribute("axes", [1L]), Attribute("keepdims", 0));

    private static string Unfolded(ModelWriter writer, string pixels, bool columnsFirst)
    {
        const int patch = 8;
        var cut = writer.Node("Reshape", [pixels, writer.Integers(1, 3, 16 / patch, patch, 32 / patch, patch)]);
        var sorted = writer.Node("Transpose", [cut], Attribute("perm", columnsFirst ? [0, 4, 2, 1, 3, 5] : [0, 2, 4, 1, 3, 5]));
        return writer.Node("MatMul", [writer.Node("Reshape", [sorted, writer.Integers(1, -1, 3 * patch * patch)]), writer.Weight(3 * patch * patch, Width)]);
    }

    private static string FoldedHeads(ModelWriter writer, Projections projections)
    {
        var (query, key, value) = projections.All(writer);
        string Fold(string tokens) => writer.Node("Reshape", [SplitHeads(writer, tokens), writer.Integers(Heads, -1, HeadWidth)]);
        var scores = writer.Node("MatMul", [Scale(writer, Fold(query)), writer.Node("Transpose", [Fold(key)], Attribute("perm", 0, 2, 1))]);
        var mixed = writer.Node("MatMul", [writer.Node("Softmax", [scores], Attribute("axis", -1)), Fold(value)]);
        return MergeHeads(writer, writer.Node("Reshape", [mixed, writer.Integers(1, Heads, -1, HeadWidth)]));
    }

    private static string EinsumAttention(ModelWriter writer, Projections projections)
    {
        var (query, key, value) = projections.All(writer);
        var scores = Scale(writer, writer.Node("Einsum", [SplitHeads(writer, query), SplitHeads(writer, key)], Attribute("equation", "bhid,bhjd->bhij")));
        var mixed = writer.Node("Einsum", [writer.Node("Softmax", [scores], Attribute("axis", 3)), SplitHeads(writer, value)],
            Attribute("equation", "bhij,bhjd->bhid"));
        return MergeHeads(writer, mixed);
    }

    private static string KeysFirst(ModelWriter writer, Projections projections)
    {
        var (query, key, value) = projections.All(writer);
        var scores = Scale(writer, writer.Node("MatMul", [SplitHeads(writer, key), SplitHeads(writer, query, transposed: true)]));
        var turned = writer.Node("Transpose", [scores], Attribute("perm", 0, 1, 3, 2));
        return MergeHeads(writer, writer.Node("MatMul", [writer.Node("Softmax", [turned], Attribute("axis", -1)), SplitHeads(writer, value)]));
    }

    /// <summary>As Keras writes it: tokens before heads, keys first.</summary>
    private static string EinsumKeysFirst(ModelWriter writer, Projections projections)
    {
        var (query, key, value) = projections.All(writer);
        string Split(string tokens) => writer.Node("Reshape", [tokens, writer.Integers(1, -1, Heads, HeadWidth)]);
        var scores = Scale(writer, writer.Node("Einsum", [Split(key), Split(query)], Attribute("equation", "aecd,abcd->acbe")));
        var mixed = writer.Node("Einsum", [writer.Node("Softmax", [scores], Attribute("axis", 3)), Split(value)], Attribute("equation", "acbe,aecd->abcd"));
        return writer.Node("Reshape", [mixed, writer.Integers(1, -1, Width)]);
    }

    private static string ValuesFirst(ModelWriter writer, Projections projections)
    {
        var (query, key, value) = projections.All(writer);
        var scores = Scale(writer, writer.Node("MatMul", [SplitHeads(writer, query), SplitHeads(writer, key, transposed: true)]));
        var turned = writer.Node("Transpose", [writer.Node("Softmax", [scores], Attribute("axis", -1))], Attribute("perm", 0, 1, 3, 2));
        var mixed = writer.Node("MatMul", [SplitHeads(writer, value, transposed: true), turned]);
        return MergeHeads(writer, writer.Node("Transpose", [mixed], Attribute("perm", 0, 1, 3, 2)));
    }

    private static string OldSoftmax(ModelWriter writer, Projections projections)
    {
        var (query, key, value) = projections.All(writer);
        var scores = Scale(writer, writer.Node("MatMul", [SplitHeads(writer, query), SplitHeads(writer, key, transposed: true)]));
        return MergeHeads(writer, writer.Node("MatMul", [writer.Node("Softmax", [scores], Attribute("axis", 3)), SplitHeads(writer, value)]));
    }

    private static string WrittenOutSoftmax(ModelWriter writer, Projections projections)
    {
        var (query, key, value) = projections.All(writer);
        var scores = Scale(writer, writer.Node("MatMul", [SplitHeads(writer, query), SplitHeads(writer, key, transposed: true)]));
        var exponential = writer.Node("Exp", [writer.Node("Sub", [scores, writer.Node("ReduceMax", [scores], Attribute("axes", [-1L]))])]);
        var probabilities = writer.Node("Div", [exponential, writer.Node("ReduceSum", [exponential, writer.Integers(-1)])]);
        return MergeHeads(writer, writer.Node("MatMul", [probabilities, SplitHeads(writer, value)]));
    }

    /// <summary>torch.nn.MultiheadAttention before batch_first: tokens first, heads folded into the batch.</summary>
    private static string TokensFirst(ModelWriter writer, Projections projections)
    {
        var (query, key, value) = projections.All(writer);
        string Fold(string tokens) =>
            writer.Node("Transpose", [writer.Node("Reshape", [tokens, writer.Integers(0, Heads, HeadWidth)])], Attribute("perm", 1, 0, 2));
        var scores = writer.Node("MatMul", [Scale(writer, Fold(query)), writer.Node("Transpose", [Fold(key)], Attribute("perm", 0, 2, 1))]);
        var mixed = writer.Node("MatMul", [writer.Node("Softmax", [scores], Attribute("axis", 2)), Fold(value)]);
        return writer.Node("Reshape", [writer.Node("Transpose", [mixed], Attribute("perm", 1, 0, 2)), writer.Integers(0, 1, Width)]);
    }

    private static string Fused(ModelWriter writer, Projections projections, string type, params AttributeProto[] attributes)
    {
        var (query, key, value) = projections.All(writer);
        return writer.Node(type, [query, key, value], attributes);
    }

    private static string StandardAttention(ModelWriter writer, Projections projections)
    {
        var (query, key, value) = projections.All(writer);
        return MergeHeads(writer, writer.Node("Attention", [SplitHeads(writer, query), SplitHeads(writer, key), SplitHeads(writer, value)]));
    }

    private static string Packed(ModelWriter writer, Projections projections, string[] further, params AttributeProto[] attributes) =>
        writer.Node("com.microsoft::Attention",
            [projections.Input, writer.Weight(projections.Packed(), Width, 3 * Width), writer.Weight(projections.Bias, 3 * Width), .. further], attributes);

    private static string QuantisedPacked(ModelWriter writer, Projections projections)
    {
        const float step = 1f / 127;
        var weight = Array.ConvertAll(projections.Packed(), value => (byte)(sbyte)MathF.Round(value / step));
        var (scale, zero) = (writer.Scalar(0.05f), writer.Bytes(OnnxTensor.UInt8, [128]));
        var input = writer.Node("QuantizeLinear", [projections.Input, scale, zero]);
        return writer.Node("com.microsoft::QAttention",
            [input, writer.Bytes(OnnxTensor.Int8, weight, Width, 3 * Width), writer.Weight(projections.Bias, 3 * Width), scale, writer.Scalar(step), "", zero,
                writer.Bytes(OnnxTensor.Int8, [0])],
            Attribute("num_heads", Heads));
    }
}
