using AttentionApi.Core.Loading;
using AttentionApi.Core.Models;
using AttentionApi.Core.Models.Folders;
using static AttentionApi.Tests.Onnx.ModelWriter;
using static AttentionApi.Tests.Onnx.SyntheticTransformer;

namespace AttentionApi.Tests.Onnx;

/// <summary>Whether the first token is a class token is told by what the head reads, else by the configuration, and not by there being one.</summary>
public sealed class FirstTokenTests(ITestOutputHelper output) : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    public static TheoryData<string> Forms => [.. Models.Keys];

    private static readonly Dictionary<string, (SyntheticTransformer Model, bool HasCls)> Models = new()
    {
        ["the head reads the first token"] = (With([1], First), true),
        ["the head reads the first of five tokens that come as one"] = (With([5], First), true),
        ["the head reads the first token, registers follow"] = (With([1, 4], First), true),
        ["a pooler of two layers reads the first token"] =
            (With([1], (w, tokens) => w.Node("Tanh", [w.Node("MatMul", [First(w, tokens), w.Weight(Width, Width)])])), true),
        ["first token and mean of the patches, side by side (DINOv2)"] = (With([1], (w, tokens) =>
            w.Node("MatMul", [w.Node("Concat", [First(w, tokens), Mean(w, Patches(w, tokens, 1))], Attribute("axis", 1)), w.Weight(2 * Width, Width)])), true),
        ["one register, mean of the patches"] = (With([1], (w, tokens) => Mean(w, Patches(w, tokens, 1))), false),
        ["one register, mean of all tokens"] = (With([1], Mean), false),
        ["one register, maximum of the patches"] =
            (With([1], (w, tokens) => w.Node("ReduceMax", [Patches(w, tokens, 1)], Attribute("axes", [1L]), Attribute("keepdims", 0))), false),
        ["one register, mean by a product with weights"] = (With([1], (w, tokens) =>
            w.Node("Squeeze", [w.Node("MatMul", [w.Weight([.. Enumerable.Repeat(1f / 16, 16)], 1, 1, 16), Patches(w, tokens, 1)]), w.Integers(1)])), false),
        ["four registers, mean of the patches"] = (With([4], (w, tokens) => Mean(w, Patches(w, tokens, 4))), false),
        ["one register and another, mean of the patches"] = (With([1, 1], (w, tokens) => Mean(w, Patches(w, tokens, 2))), false),
        ["one register, all tokens pooled by a learned query"] = (With([1], (w, tokens) =>
        {
            var scores = w.Node("MatMul", [w.Weight(1, 1, Width), w.Node("Transpose", [tokens], Attribute("perm", 0, 2, 1))]);
            return w.Node("Squeeze", [w.Node("MatMul", [w.Node("Softmax", [scores], Attribute("axis", -1)), tokens]), w.Integers(1)]);
        }), false),
        ["no token before the patches"] = (With([], Mean), false),
    };

    [Theory]
    [MemberData(nameof(Forms))]
    public void What_the_head_reads_tells_what_the_first_token_is(string form)
    {
        var (model, hasCls) = Models[form];
        // The files say the opposite, as far as they can.
        folder.Write("config.json", hasCls ? """{"architecture": "vit", "global_pool": "avg", "pretrained_cfg": {}}""" : """{"model_type": "vit"}""");
        using var towers = Load(model);
        Assert.Equal(hasCls, towers.Vision.Layout.HasCls);
        Assert.Equal((model.Prefix.Sum(), new PatchGrid(4, 4)), (towers.Vision.Layout.PrefixTokens, towers.Vision.Layout.Grid));
    }

    [Theory]
    [InlineData("""{"model_type": "beit", "use_mean_pooling": true}""", true)]
    [InlineData("""{"architecture": "vit_little_patch16_reg1_gap_256", "global_pool": "avg", "pretrained_cfg": {}}""", false)]
    public void Where_the_head_pools_the_files_may_know_of_a_class_token(string config, bool hasCls)
    {
        folder.Write("config.json", config);
        using var towers = Load(With([1], (w, tokens) => Mean(w, Patches(w, tokens, 1))));
        Assert.Equal(hasCls, towers.Vision.Layout.HasCls);
    }

    [Theory]
    [InlineData("""{"model_type": "dinov2"}""", true, false)]
    [InlineData("""{"architecture": "vit", "global_pool": "token", "pretrained_cfg": {}}""", true, false)]
    [InlineData("""{"architecture": "vit_little_patch16_reg1_gap_256", "global_pool": "avg", "pretrained_cfg": {}}""", false, false)]
    [InlineData("{}", true, true)]
    public void Without_a_head_the_files_tell_and_a_guess_is_said(string config, bool hasCls, bool warned)
    {
        folder.Write("config.json", config);
        using var towers = Load(With([1], (_, tokens) => tokens));
        output.WriteLine(string.Join('\n', towers.Warnings));
        Assert.Equal(hasCls, towers.Vision.Layout.HasCls);
        Assert.Equal(warned, towers.Warnings.Any(warning => warning.Contains("class token", StringComparison.Ordinal)));
    }

    private ModelTowers Load(SyntheticTransformer model)
    {
        model.Write(folder.At("model.onnx"));
        return TowerLoader.Load(ModelFolder.Open(folder.Path), FixtureModels.Factory);
    }

    private static SyntheticTransformer With(long[] prefix, Func<ModelWriter, string, string> head) => new() { Prefix = prefix, Head = head };

    private static string First(ModelWriter writer, string tokens) => writer.Node("Gather", [tokens, writer.Integer(0)], Attribute("axis", 1));

    private static string Patches(ModelWriter writer, string tokens, long prefix) =>
        writer.Node("Slice", [tokens, writer.Integers(prefix), writer.Integers(long.MaxValue), writer.Integers(1)]);

    private static string Mean(ModelWriter writer, string tokens) => writer.Node("ReduceMean", [tokens], Attribute("axes", [1L]), Attribute("keepdims", 0));
}
