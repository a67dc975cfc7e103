using AttentionApi.Core.Loading;
using AttentionApi.Core.Models;
using AttentionApi.Core.Models.Folders;
using AttentionApi.Core.Onnx.Graph;
using static AttentionApi.Tests.Onnx.ModelWriter;
using static AttentionApi.Tests.Onnx.SyntheticTransformer;

namespace AttentionApi.Tests.Onnx;

/// <summary>Exports that kept an input beside the picture show the attention of the same weights without it, or are refused by that input's name.</summary>
public sealed class SideInputTests(ITestOutputHelper output) : IDisposable
{
    private const int Tokens = 17;
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    public static TheoryData<string> Known => [.. Models.Keys];

    internal static readonly Dictionary<string, SyntheticTransformer> Models = new()
    {
        ["bool_masked_pos, of a declared length"] = Patches((w, patches) => Hidden(w, w.InputOf(OnnxTensor.Bool, "bool_masked_pos", -1, 16), patches)),
        ["bool_masked_pos, of any length"] = Patches((w, patches) => Hidden(w, w.InputOf(OnnxTensor.Bool, "bool_masked_pos", -1, -1), patches)),
        ["masks as numbers"] = Patches((w, patches) =>
            Hidden(w, w.Node("Cast", [w.InputOf(OnnxTensor.Int64, "masks", -1, -1)], Attribute("to", OnnxTensor.Bool)), patches)),
        ["mask, where true is kept"] = Patches((w, patches) => Hidden(w, w.Node("Not", [w.InputOf(OnnxTensor.Bool, "mask", -1, -1)]), patches)),
        ["a pixel mask"] = Pixels((w, pixels) => w.Node("Mul", [pixels, w.Node("Unsqueeze", [w.Input("pixel_mask", -1, -1, -1), w.Integers(1)])])),
        ["a pixel mask with channels"] = Pixels((w, pixels) =>
            w.Node("Mul", [pixels, w.Node("Cast", [w.InputOf(OnnxTensor.Int32, "pixel_mask", -1, 1, 32, 32)], Attribute("to", OnnxTensor.Float))])),
        ["a pixel mask in halves"] = Pixels((w, pixels) =>
            w.Node("Mul", [pixels, w.Node("Cast", [w.InputOf(OnnxTensor.Float16, "pixel_mask", -1, 1, -1, -1)], Attribute("to", OnnxTensor.Float))])),
        ["an attention mask over tokens"] = Scores((w, mask) => MaskedOut(w, w.Node("Unsqueeze", [mask, w.Integers(1, 2)])), w =>
            Real(w, w.InputOf(OnnxTensor.Int64, "attention_mask", -1, -1))),
        ["an attention mask over patches, CLS put before it"] = Scores((w, mask) => MaskedOut(w, w.Node("Unsqueeze", [mask, w.Integers(1, 2)])),
            w => w.Node("Concat", [w.Weight([1f], 1, 1), Real(w, w.InputOf(OnnxTensor.Bool, "patch_attention_mask", -1, -1))], Attribute("axis", 1))),
        ["an additive attention mask"] = Scores((_, mask) => mask, w => w.Input("attention_mask", -1, 1, -1, -1)),
        ["a padding mask, where true is hidden"] = Scores((w, mask) => w.Node("Mul", [mask, w.Scalar(-1e9f)]), w =>
            w.Node("Unsqueeze", [Real(w, w.InputOf(OnnxTensor.Bool, "key_padding_mask", -1, -1)), w.Integers(1, 2)])),
        ["a mask of pixels and one of patches"] = new()
        {
            Patchify = (w, pixels) =>
            {
                var seen = w.Node("Mul", [pixels, w.Node("Unsqueeze", [w.Input("pixel_mask", -1, -1, -1), w.Integers(1)])]);
                return Hidden(w, w.InputOf(OnnxTensor.Bool, "bool_masked_pos", -1, -1), Convolution(w, seen, 8, 8, 0));
            },
        },
        ["a head mask"] = new()
        {
            Patchify = (w, pixels) =>
            {
                w.Input("head_mask", Layers, Heads);
                return Convolution(w, pixels, 8, 8, 0);
            },
            Attention = (w, projections) =>
            {
                var (query, key, value) = projections.All(w);
                var probabilities = w.Node("Softmax", [Scale(w, w.Node("MatMul", [SplitHeads(w, query), SplitHeads(w, key, transposed: true)]))],
                    Attribute("axis", -1));
                var kept = w.Node("Reshape", [w.Node("Gather", ["head_mask", w.Integer(0)], Attribute("axis", 0)), w.Integers(1, Heads, 1, 1)]);
                return MergeHeads(w, w.Node("Mul", [w.Node("MatMul", [probabilities, SplitHeads(w, value)]), kept]));
            },
        },
        ["a head mask on the probabilities"] = new()
        {
            Patchify = (w, pixels) =>
            {
                w.Input("head_mask", 1, Heads, 1, 1);
                return Convolution(w, pixels, 8, 8, 0);
            },
            Attention = (w, projections) =>
            {
                var (query, key, value) = projections.All(w);
                var probabilities = w.Node("Softmax", [Scale(w, w.Node("MatMul", [SplitHeads(w, query), SplitHeads(w, key, transposed: true)]))],
                    Attribute("axis", -1));
                return MergeHeads(w, w.Node("MatMul", [w.Node("Mul", [probabilities, "head_mask"]), SplitHeads(w, value)]));
            },
        },
        ["a switch for the interpolation of positions"] = Patches((w, patches) =>
            w.Node("Where", [w.InputOf(OnnxTensor.Bool, "interpolate_pos_encoding"), w.Scalar(7), patches])),
        ["a switch for training"] = Patches((w, patches) => w.Node("Where", [w.InputOf(OnnxTensor.Bool, "training", 1), w.Scalar(7), patches])),
        ["positions"] = Patches((w, patches) =>
        {
            var (positions, zeros) = (w.InputOf(OnnxTensor.Int64, "position_ids", 1, 16), w.Weight(new float[16], 1, 16));
            var wrong = w.Node("Not", [w.Node("Equal", [positions, w.Integers([.. Enumerable.Range(0, 16).Select(i => (long)i)])])]);
            return w.Node("Add", [patches, w.Node("Unsqueeze", [w.Node("Where", [wrong, w.Scalar(9), zeros]), w.Integers(2)])]);
        }),
        ["an input that nothing reads"] = Patches((w, patches) =>
        {
            w.Input("noise", 1, 16);
            return patches;
        }),
    };

    [Theory]
    [MemberData(nameof(Known))]
    public void An_input_of_known_meaning_is_filled_so_that_nothing_is_hidden(string input)
    {
        using var plain = Load(new SyntheticTransformer());
        using var other = Load(Models[input]);
        var error = ReferenceArrays.LargestDifference(AttentionOf(plain), AttentionOf(other));
        output.WriteLine($"{input}: {error:g3}, batches of {other.Vision.LargestBatch}");
        Assert.Equal(plain.Vision.Layout, other.Vision.Layout);
        Assert.Equal(["pixels"], other.Vision.Session.InputNames);
        Assert.True(error <= 2e-6f, $"differs by {error}");
    }

    [Theory]
    [InlineData("noise")]
    [InlineData("timestep")]
    [InlineData("labels")]
    public void An_input_of_unknown_meaning_is_named(string name)
    {
        var model = Patches((w, patches) => w.Node("Add", [patches, Real(w, w.InputOf(OnnxTensor.Int64, name, 1))]));
        Assert.Contains($"needs the input '{name}'", Assert.Throws<ModelRefusedException>(() => Load(model)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_mask_that_hides_the_picture_whatever_it_is_filled_with_is_named()
    {
        var model = Patches((w, patches) =>
            w.Node("Mul", [w.Node("Unsqueeze", [Real(w, w.InputOf(OnnxTensor.Bool, "mask", -1, 16)), w.Integers(2)]), w.Node("Sub", [patches, patches])]));
        Assert.Contains("'mask'", Assert.Throws<ModelRefusedException>(() => Load(model)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("spatial_shapes")]
    [InlineData("image_grid_thw")]
    public void Patches_that_are_cut_before_the_model_are_named_as_what_they_are(string grid)
    {
        var writer = new ModelWriter();
        var patches = writer.Input("pixel_values", -1, 16, 3 * 8 * 8);
        writer.InputOf(OnnxTensor.Int64, grid, -1, 2);
        writer.InputOf(OnnxTensor.Int64, "pixel_attention_mask", -1, 16);
        writer.Output(writer.Node("Add", [patches, Real(writer, grid)]), "image_embeds");
        writer.Save(folder.At("naflex.onnx"));
        var reason = Assert.Throws<ModelRefusedException>(() => TowerLoader.Load(ModelFolder.Open(folder.At("naflex.onnx")), FixtureModels.Factory)).Message;
        output.WriteLine(reason);
        Assert.Contains($"the shape of their grid in '{grid}'", reason, StringComparison.Ordinal);
        Assert.DoesNotContain("no attention", reason, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(OnnxTensor.Float, "the unsupported input shape [3, 48, 48], expected [batch, 3, height, width]", 3, 48, 48)]
    [InlineData(OnnxTensor.UInt8, "as whole numbers ('image' [batch, 48, 48, 3]), which means that it prepares pictures itself", -1, 48, 48, 3)]
    [InlineData(OnnxTensor.Int64, "takes no picture: it has no input of real numbers", -1, 77)]
    public void A_picture_in_another_form_is_named_as_what_it_is(int type, string words, params int[] shape)
    {
        var writer = new ModelWriter();
        writer.Output(Real(writer, writer.InputOf(type, "image", [.. shape.Select(side => (long)side)])), "features");
        writer.Save(folder.At("other.onnx"));
        var reason = Assert.Throws<ModelRefusedException>(() => TowerLoader.Load(ModelFolder.Open(folder.At("other.onnx")), FixtureModels.Factory)).Message;
        Assert.Contains(words, reason, StringComparison.Ordinal);
    }

    [Fact]
    public void Patches_without_the_shape_of_their_grid_are_named_too()
    {
        var writer = new ModelWriter();
        writer.Output(writer.Node("MatMul", [writer.Input("pixel_values", -1, -1, 3 * 16 * 16), writer.Weight(3 * 16 * 16, 8)]), "image_embeds");
        writer.Save(folder.At("naflex.onnx"));
        var reason = Assert.Throws<ModelRefusedException>(() => TowerLoader.Load(ModelFolder.Open(folder.At("naflex.onnx")), FixtureModels.Factory)).Message;
        Assert.Contains("patches cut beforehand ('pixel_values' [batch, d1, 768])", reason, StringComparison.Ordinal);
    }

    private ModelTowers Load(SyntheticTransformer model) => TowerLoader.Load(ModelFolder.Open(model.Write(folder.At("synthetic.onnx"))), FixtureModels.Factory);

    private static float[] AttentionOf(ModelTowers towers)
    {
        var random = new Random(5);
        var pixels = Enumerable.Range(0, 3 * 32 * 32).Select(_ => random.NextSingle()).ToArray();
        return FixtureModels.Concat(FixtureModels.Run(towers.Vision, pixels, towers.Vision.Layers.Select(layer => layer.HeadAttention.Name)));
    }

    private static SyntheticTransformer Pixels(Func<ModelWriter, string, string> edit) =>
        new() { Patchify = (w, pixels) => Convolution(w, edit(w, pixels), 8, 8, 0) };

    private static SyntheticTransformer Patches(Func<ModelWriter, string, string> edit) =>
        new() { Patchify = (w, pixels) => edit(w, Convolution(w, pixels, 8, 8, 0)) };

    /// <summary>A mask that is added to the scores of each layer.</summary>
    private static SyntheticTransformer Scores(Func<ModelWriter, string, string> added, Func<ModelWriter, string> mask)
    {
        var made = "";
        return new()
        {
            Patchify = (w, pixels) =>
            {
                made = mask(w);
                return Convolution(w, pixels, 8, 8, 0);
            },
            Attention = (w, projections) => Written(w, projections, scores => w.Node("Add", [scores, added(w, made)]), probabilities => probabilities),
        };
    }

    /// <summary>BEiT's and DINOv2's mask token in place of hidden patches.</summary>
    private static string Hidden(ModelWriter writer, string mask, string patches) =>
        writer.Node("Where", [writer.Node("Unsqueeze", [mask, writer.Integers(2)]), writer.Scalar(0.5f), patches]);

    /// <summary>transformers' extended mask: (1 − mask) · lowest.</summary>
    private static string MaskedOut(ModelWriter writer, string mask) =>
        writer.Node("Mul", [writer.Node("Sub", [writer.Scalar(1), mask]), writer.Scalar(-3.4e38f)]);

    private static string Real(ModelWriter writer, string tensor) => writer.Node("Cast", [tensor], Attribute("to", OnnxTensor.Float));
}
