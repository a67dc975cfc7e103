using AttentionApi.Core.Loading;
using AttentionApi.Core.Models;
using AttentionApi.Core.Models.Folders;
using AttentionApi.Core.Onnx.Graph;
using AttentionApi.Tests.Onnx;
using static AttentionApi.Tests.Onnx.ModelWriter;

namespace AttentionApi.Tests.Loading;

/// <summary>How a classifier's scores come from its output: told by the configuration and by the graph's end, however that is written.</summary>
public sealed class ScoreTests : IDisposable
{
    private static readonly Dictionary<string, Func<ModelWriter, string, string>> Softmaxes = new()
    {
        ["Softmax"] = (writer, logits) => writer.Node("Softmax", [logits], Attribute("axis", -1)),
        ["LogSoftmax"] = (writer, logits) => writer.Node("LogSoftmax", [logits], Attribute("axis", 1)),
        ["Softmax of another shape"] = (writer, logits) => writer.Node("Reshape",
            [writer.Node("Softmax", [writer.Node("Reshape", [logits, writer.Integers(1, 1, -1)])], Attribute("axis", -1)), writer.Integers(1, -1)]),
        ["exp over sum"] = (writer, logits) => Quotient(writer, writer.Node("Exp", [logits])),
        ["exp over sum, less the maximum"] = (writer, logits) =>
            Quotient(writer, writer.Node("Exp", [writer.Node("Sub", [logits, writer.Node("ReduceMax", [logits], Attribute("axes", [1L]))])])),
        ["in percent"] = (writer, logits) => writer.Node("Mul", [writer.Node("Softmax", [logits], Attribute("axis", -1)), writer.Scalar(100)]),
        ["the best three"] = (writer, logits) =>
        {
            writer.Append("TopK", [writer.Node("Softmax", [logits], Attribute("axis", -1)), writer.Integers(3)], ["best", "places"]);
            return "best";
        },
        ["exp of less logsumexp"] = (writer, logits) =>
            writer.Node("Exp", [writer.Node("Sub", [logits, writer.Node("ReduceLogSumExp", [logits], Attribute("axes", [1L]))])]),
    };

    private static readonly Dictionary<string, Func<ModelWriter, string, string>> Sigmoids = new()
    {
        ["Sigmoid"] = (writer, logits) => writer.Node("Sigmoid", [logits]),
        ["one over one plus exp"] = (writer, logits) =>
            writer.Node("Div", [writer.Scalar(1), writer.Node("Add", [writer.Node("Exp", [writer.Node("Neg", [logits])]), writer.Scalar(1)])]),
        ["in percent"] = (writer, logits) => writer.Node("Mul", [writer.Scalar(100), writer.Node("Sigmoid", [logits])]),
        ["reciprocal"] = (writer, logits) =>
            writer.Node("Reciprocal", [writer.Node("Add", [writer.Scalar(1), writer.Node("Exp", [writer.Node("Mul", [logits, writer.Scalar(-1)])])])]),
        ["by tanh"] = (writer, logits) => writer.Node("Mul",
            [writer.Scalar(0.5f), writer.Node("Add", [writer.Scalar(1), writer.Node("Tanh", [writer.Node("Mul", [logits, writer.Scalar(0.5f)])])])]),
    };

    private readonly TemporaryFolder folder = new();

    public static TheoryData<string> SoftmaxForms => [.. Softmaxes.Keys];
    public static TheoryData<string> SigmoidForms => [.. Sigmoids.Keys];

    public void Dispose() => folder.Dispose();

    [Theory, MemberData(nameof(SoftmaxForms))]
    public async Task A_graph_that_ends_in_softmax_is_read_before_it(string form) => await AssertReadBefore(Softmaxes[form], ScoreKind.Softmax);

    [Theory, MemberData(nameof(SigmoidForms))]
    public async Task A_graph_that_ends_in_sigmoid_is_read_before_it(string form) => await AssertReadBefore(Sigmoids[form], ScoreKind.Sigmoid);

    [Fact]
    public async Task A_graph_that_ends_in_another_function_gives_its_answer_as_logits()
    {
        await using var model = await LoadAsync(new() { Scores = (writer, logits) => writer.Node("Tanh", [logits]) });
        Assert.Equal(ScoreKind.Softmax, model.Facts.Scores);
    }

    [Theory]
    [InlineData("""{"problem_type": "multi_label_classification"}""", 5, ScoreKind.Sigmoid)]
    [InlineData("""{"problem_type": "single_label_classification"}""", 5, ScoreKind.Softmax)]
    [InlineData("""{"problem_type": null}""", 5, ScoreKind.Softmax)]
    [InlineData("{}", 1, ScoreKind.Sigmoid)]
    [InlineData("""{"architecture": "vit", "num_classes": 5, "problem_type": "multi_label_classification", "pretrained_cfg": {}}""", 5, ScoreKind.Sigmoid)]
    [InlineData("""{"architecture": "vit", "num_classes": 0, "pretrained_cfg": {}}""", 5, ScoreKind.None)]
    [InlineData("""{"model_type": "vit", "architectures": ["ViTModel"]}""", 5, ScoreKind.None)]
    [InlineData("""{"model_type": "clip", "architectures": ["CLIPVisionModelWithProjection"]}""", 5, ScoreKind.None)]
    [InlineData("""{"vision_cfg": {}, "text_cfg": {}}""", 5, ScoreKind.None)]
    [InlineData("""{"architectures": ["MyModel"], "id2label": {"0": "a", "1": "b", "2": "c", "3": "d", "4": "e"}}""", 5, ScoreKind.Softmax)]
    public async Task The_configuration_says_how_logits_become_scores(string config, int classes, ScoreKind expected)
    {
        folder.Write("config.json", config);
        await using var model = await LoadAsync(new() { ClassCount = classes, OutputName = "output0" });
        Assert.Equal((expected, expected == ScoreKind.None ? null : classes), (model.Facts.Scores, model.Facts.ClassNames?.Count));
    }

    [Fact]
    public async Task A_graph_that_gives_the_best_class_alone_is_read_before_it()
    {
        await using var model = await LoadAsync(new() { Scores = (writer, logits) => 
            writer.Node("Cast", [writer.Node("ArgMax", [logits], Attribute("axis", -1))], Attribute("to", OnnxTensor.Float)) });
        Assert.Equal((ScoreKind.Softmax, 5), (model.Facts.Scores, model.Facts.ClassNames!.Count));
    }

    [Theory, InlineData("Softmax"), InlineData("Sigmoid")]
    public async Task The_logits_inside_of_a_graph_are_no_second_answer_to_be_warned_of(string end)
    {
        await using var model = await LoadAsync(new() { OutputName = "output0", Scores = (writer, logits) => writer.Node(end, [logits]) });
        Assert.DoesNotContain(model.Facts.Warnings, warning => warning.Contains("several outputs", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_single_score_without_an_axis_of_its_own_is_one_class()
    {
        await using var model = await LoadAsync(new() { ClassCount = 1, Scores = (writer, logits) => writer.Node("Squeeze", [logits, writer.Integers(1)]) });
        Assert.Equal((ScoreKind.Sigmoid, 1), (model.Facts.Scores, model.Facts.ClassNames!.Count));
    }

    [Fact]
    public async Task Regression_is_warned_of()
    {
        folder.Write("config.json", """{"problem_type": "regression"}""");
        await using var model = await LoadAsync(new());
        Assert.Contains(model.Facts.Warnings, warning => warning.Contains("regression", StringComparison.Ordinal));
    }

    private async Task AssertReadBefore(Func<ModelWriter, string, string> scores, ScoreKind kind)
    {
        new SyntheticTransformer().Write(folder.At("plain.onnx"));
        new SyntheticTransformer { Scores = scores }.Write(folder.At("squashed.onnx"));
        using var plain = TowerLoader.Load(ModelFolder.Open(folder.At("plain.onnx")), FixtureModels.Factory);
        using var squashed = TowerLoader.Load(ModelFolder.Open(folder.At("squashed.onnx")), FixtureModels.Factory);
        var pixels = new float[3 * 32 * 32];
        for (var i = 0; i < pixels.Length; i++) pixels[i] = MathF.Sin(i);
        float[] Logits(ModelTowers towers) => FixtureModels.Run(towers.Vision, pixels, towers.Vision.Output!.Name)[0];
        Assert.Equal(0, ReferenceArrays.LargestDifference(Logits(plain), Logits(squashed)), 1e-6f);
        Assert.Null(squashed.Vision.ReadOutRefusal);
        Assert.Equal((null, kind), (plain.Vision.GraphScores, squashed.Vision.GraphScores!.Value));

        await using var model = await LoadedModels.LoadAsync(folder.At("squashed.onnx"));
        Assert.Equal(kind, model.Facts.Scores);
    }

    private Task<LoadedModel> LoadAsync(SyntheticTransformer model)
    {
        model.Write(folder.At("model.onnx"));
        return LoadedModels.LoadAsync(folder.Path);
    }

    private static string Quotient(ModelWriter writer, string exponentials) =>
        writer.Node("Div", [exponentials, writer.Node("ReduceSum", [exponentials, writer.Integers(1)])]);
}
