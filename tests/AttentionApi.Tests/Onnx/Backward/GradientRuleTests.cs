using System.Numerics.Tensors;
using AttentionApi.Core.Loading;
using AttentionApi.Core.Loading.Gradients;
using AttentionApi.Core.Loading.Probing;
using AttentionApi.Core.Models;
using AttentionApi.Core.Models.Folders;
using AttentionApi.Core.Onnx;
using AttentionApi.Core.Onnx.Backward;
using AttentionApi.Core.Onnx.Graph;
using AttentionApi.Core.Runtime;
using AttentionApi.Core.Runtime.Sessions;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace AttentionApi.Tests.Onnx.Backward;

/// <summary>The backward rules of operators, each against the slope of the model's own answer and against the sum of all parts.</summary>
public sealed class GradientRuleTests(ITestOutputHelper output) : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    private static readonly Dictionary<string, SyntheticTransformer> Models = Of(
        GradientForms.All, ConvolutionForms.Models, WrittenSoftmaxTests.Models, SideInputTests.Models,
        OtherFamiliesTests.AttentionForms.Where(form => form.Value.Opset >= 13)
            .Select(form => KeyValuePair.Create(form.Key, new SyntheticTransformer { Opset = form.Value.Opset, Attention = form.Value.Write })));

    private static Dictionary<string, SyntheticTransformer> Of(params IEnumerable<KeyValuePair<string, SyntheticTransformer>>[] forms) =>
        forms.SelectMany(all => all).ToDictionary();

    public static TheoryData<string> Forms => [.. Models.Keys];

    [Theory]
    [MemberData(nameof(Forms))]
    public async Task Plain_gradients_are_slopes_and_the_parts_of_Libra_add_up(string form)
    {
        using var towers = Load(Models[form]);
        await using var gradients = GradientLoader.Open(FixtureModels.Factory, towers.Vision, FixtureModels.UntriedGradients);
        Assert.Equal((null, null), (gradients.Facts.Missing(GradientKind.Plain), gradients.Facts.Missing(GradientKind.Libra)));

        var error = Math.Max(SlopeError(towers.Vision, folded: false), SlopeError(towers.Vision, folded: true));
        output.WriteLine($"{form}: slope off by {error:g2}");
        Assert.True(error < 2e-3, $"the gradient is not the slope: {error}");

        // Opening the session tries the sum on two labels.
        using var input = Tensors.FromFloats(Pixels(towers.Vision), towers.Vision.InputShape, TensorElementType.Float);
        var tape = await gradients.ForwardAsync(new Dictionary<string, OrtValue> { [towers.Vision.InputName] = input }, [GradientKind.Libra],
            TestContext.Current.CancellationToken);
        var labels = await gradients.AllLayersAsync(GradientKind.Libra, tape, GradientTrial.Seeds(SyntheticTransformer.Classes),
            TestContext.Current.CancellationToken);
        Assert.All(labels, label => Assert.Contains(label.Relevance!, value => value != 0));
    }

    public static TheoryData<string> SameAttention =>
        [.. OtherFamiliesTests.AttentionForms.Where(form => form.Value.Opset >= 13).Select(form => form.Key)];

    [Theory]
    [MemberData(nameof(SameAttention))]
    public async Task The_last_layers_gradients_and_keys_are_the_same_however_attention_is_written(string form)
    {
        var (opset, write) = OtherFamiliesTests.AttentionForms[form];
        var expected = await LastLayerAsync(new SyntheticTransformer());
        var given = await LastLayerAsync(new SyntheticTransformer { Opset = opset, Attention = write });
        foreach (var (name, array) in expected)
        {
            // Some forms scale the queries before their product with the keys: a factor on all similarities.
            var factor = name == "keys" ? array.Max() / given[name].Max() : 1;
            var error = ReferenceArrays.LargestDifference(array, [.. given[name].Select(value => value * factor)]) / array.Max(MathF.Abs);
            Assert.True(error < 1e-4f, $"{name} differs by {error}");
        }
    }

    private async Task<Dictionary<string, float[]>> LastLayerAsync(SyntheticTransformer model)
    {
        using var towers = Load(model);
        await using var gradients = GradientLoader.Open(FixtureModels.Factory, towers.Vision, FixtureModels.UntriedGradients);
        var random = new Random(3);
        float[] state = [.. Enumerable.Range(0, towers.Vision.Tokens * SyntheticTransformer.Width).Select(_ => random.NextSingle() * 2 - 1)];
        float[][] seeds = [GradientTrial.Seeds(SyntheticTransformer.Classes)[1]];
        var label = (await gradients.LastLayerAsync(state, null, seeds, TestContext.Current.CancellationToken))[0];
        return new() { ["relevance"] = label.Attention!, ["gradient"] = label.AttentionGradient!, ["keys"] = label.KeySimilarity! };
    }

    [Fact]
    public void An_operator_without_a_rule_is_named()
    {
        using var towers = Load(new SyntheticTransformer
        {
            Head = (writer, tokens) =>
                writer.Node("Gather", [writer.Node("CumSum", [tokens, writer.Integer(1)]), writer.Integer(0)], ModelWriter.Attribute("axis", 1)),
        });
        Assert.Equal("there is no backward rule for the operator CumSum", Reason(towers).Split(" '")[0]);
    }

    [Fact]
    public void An_old_opset_is_refused_with_the_remedy()
    {
        var (opset, write) = OtherFamiliesTests.AttentionForms["Softmax over the last of four axes, opset 12"];
        using var towers = Load(new SyntheticTransformer { Opset = opset, Attention = write });
        var refused = Assert.Throws<ModelRefusedException>(() => GradientLoader.Open(FixtureModels.Factory, towers.Vision, FixtureModels.UntriedGradients));
        Assert.Equal("the file has opset 12, and gradients need 13 or newer: export it with a newer opset", refused.Message);
    }

    [Fact]
    public void Products_of_two_hidden_states_are_linear_in_neither()
    {
        using var towers = Load(new SyntheticTransformer
        {
            Head = (writer, tokens) =>
            {
                var similar = writer.Node("MatMul", [tokens, writer.Node("Transpose", [tokens], ModelWriter.Attribute("perm", 0, 2, 1))]);
                return writer.Node("Gather", [writer.Node("MatMul", [similar, tokens]), writer.Integer(0)], ModelWriter.Attribute("axis", 1));
            },
        });
        using var gradients = new Gradients(GradientLoader.Open(FixtureModels.Factory, towers.Vision, FixtureModels.UntriedGradients));
        Assert.StartsWith("two tensors of hidden states are multiplied (MatMul", gradients.Of.Facts.Missing(GradientKind.Libra), StringComparison.Ordinal);
        Assert.Null(gradients.Of.Facts.Missing(GradientKind.Plain));
    }

    [Fact]
    public void A_file_that_changed_since_it_was_loaded_is_not_mixed_with_the_loaded_one()
    {
        using var towers = Load(new SyntheticTransformer());
        new SyntheticTransformer { Height = 16 }.Write(towers.Vision.Model.SourcePath);
        var refused = Assert.Throws<ModelRefusedException>(() => GradientLoader.Open(FixtureModels.Factory, towers.Vision, FixtureModels.UntriedGradients));
        Assert.True(refused.MayPass);
        Assert.Equal("synthetic.onnx has changed since it was loaded", refused.Message);
    }

    private static string Reason(ModelTowers towers)
    {
        using var gradients = new Gradients(GradientLoader.Open(FixtureModels.Factory, towers.Vision, FixtureModels.UntriedGradients));
        return gradients.Of.Facts.Missing(GradientKind.Libra)!;
    }

    private sealed record Gradients(TowerGradients Of) : IDisposable
    {
        public void Dispose() => Of.DisposeAsync().AsTask().GetAwaiter().GetResult();
    }

    private ModelTowers Load(SyntheticTransformer model) =>
        TowerLoader.Load(ModelFolder.Open(model.Write(Path.Combine(folder.Path, "synthetic.onnx"))), FixtureModels.Factory);

    private static float[] Pixels(VisionTower vision)
    {
        var random = new Random(9);
        return [.. Enumerable.Range(0, 3 * vision.ImageSize.Width * vision.ImageSize.Height).Select(_ => random.NextSingle() * 2 - 1)];
    }

    /// <summary>How far ∂y/∂h_0 in some directions is from differences of y, relative to its size.</summary>
    private static double SlopeError(VisionTower vision, bool folded)
    {
        const float step = 1e-3f;
        var graph = GradientLoader.Read(vision.Model);
        var tower = TowerGraph.Find(graph, graph.InputBit(vision.InputName), vision.Output!.Name, isEmbedding: false, vision.Layers.Count);
        using var input = Tensors.FromFloats(Pixels(vision), vision.InputShape, TensorElementType.Float);
        using var measure = TowerMeasure.Of(FixtureModels.Factory, tower, new Dictionary<string, OrtValue> { [vision.InputName] = input }, areFixed: true);

        var nodes = new GraphInstrumenter(tower.Graph);
        var forward = new ForwardValues(tower.Graph, nodes, measure.Shapes, computed: true);
        nodes.AddInput(GradientGraph.Seed, OnnxTensor.Float, 2);
        var pass = new BackwardPass(tower.Graph, nodes, forward, GradientKind.Plain, [], [tower.States[0]])
        {
            Labels = nodes.Integers(1), FoldsNorms = folded,
        };
        pass.Follow(tower.Answer, nodes.Node("Unsqueeze", [GradientGraph.Seed, nodes.Integers(1)]));
        var gradientOutput = nodes.Expose(nodes.Node("Identity", [pass.Dense(tower.States[0])]));
        nodes.Expose(tower.Answer);
        nodes.AddInput(tower.States[0], OnnxTensor.Float, measure.Shapes[tower.States[0]].Length);
        var beside = forward.Beside([tower.States[0]]).ToList();
        foreach (var tensor in beside) nodes.AddInput(tensor, (int)measure.FixedValue(tensor).GetTensorTypeAndShape().ElementDataType,
            measure.Shapes[tensor].Length);
        using var session = FixtureModels.Factory.CreateInMemory(nodes.BuildExposed());

        var random = new Random(4);
        float[] Numbers(int count) => [.. Enumerable.Range(0, count).Select(_ => random.NextSingle() * 2 - 1)];
        var state = Numbers((int)measure.Shapes[tower.States[0]].Aggregate((product, size) => product * size));
        var seed = Numbers(SyntheticTransformer.Classes);
        float[][] Run(float[] at)
        {
            using var given = OrtValue.CreateTensorValueFromMemory(at, measure.Shapes[tower.States[0]]);
            using var direction = OrtValue.CreateTensorValueFromMemory(seed, [1, seed.Length]);
            var feeds = beside.ToDictionary(tensor => tensor, measure.FixedValue);
            (feeds[tower.States[0]], feeds[GradientGraph.Seed]) = (given, direction);
            return session.Run(feeds, [gradientOutput, tower.Answer], values => values.Select(Tensors.ToFloats).ToArray());
        }

        var gradient = Run(state)[0];
        var (difference, size) = (0.0, 0.0);
        for (var trial = 0; trial < 8; trial++)
        {
            var way = Numbers(state.Length);
            float[] Moved(float by) => [.. state.Zip(way, (value, move) => value + by * move)];
            double Score(float by) => Run(Moved(by))[1].Zip(seed, (value, weight) => (double)value * weight).Sum();
            var slope = (Score(step) - Score(-step)) / (2 * step);
            var expected = TensorPrimitives.Dot<float>(gradient, way);
            (difference, size) = (difference + Math.Abs(slope - expected), size + Math.Abs(slope));
        }
        return difference / size;
    }
}
