using AttentionApi.Core.Loading.Gradients;
using AttentionApi.Core.Loading.Probing;
using AttentionApi.Core.Onnx;
using AttentionApi.Core.Onnx.Backward;
using AttentionApi.Core.Onnx.Graph;
using AttentionApi.Core.Runtime;
using AttentionApi.Core.Runtime.Sessions;
using Microsoft.ML.OnnxRuntime;
using static AttentionApi.Tests.Loading.GradientReferences;

namespace AttentionApi.Tests.Loading;

/// <summary>What gradient maps are made of, against the references: ∂y/∂A of every head of every layer, y, and the attention of a pooling head.</summary>
public class ReferenceGradientTests(ITestOutputHelper output)
{
    public static TheoryData<string, string> Families =>
        [.. PlainFiles.Where(variant => variant.Expected.Has("attention_gradients")).Select(variant => (variant.Family, variant.File))];

    private static IEnumerable<FixtureVariant> PlainFiles =>
        FixtureVariant.All(vision: true).Where(variant => variant.Precision == "fp32").DistinctBy(variant => variant.Family);

    [Theory, MemberData(nameof(Families))]
    public async Task Gradients_of_every_head_equal_the_references(string family, string file)
    {
        await using var model = Open(family, file);
        var meta = model.Expected.Meta;
        var isEmbedding = model.Vision.OutputKind == VisionOutputKind.ImageEmbedding;
        var (scale, bias) = isEmbedding ? (meta.GetProperty("logit_scale").GetSingle(), meta.GetProperty("logit_bias").GetSingle()) : (1, 0);
        var seed = model.Seeds(isEmbedding ? meta.GetProperty("labels").GetArrayLength() : 1, scale)[0];
        var (graph, tower) = Graph(model);
        Check("attention_gradients", AttentionGradients(model, graph, tower, seed), 1e-3f);
        var answer = (await model.ForwardAsync(GradientKind.Plain)).Answer;
        Check("target_score", [answer.Zip(seed, (own, way) => own * way).Sum() + bias], 1e-4f);
        if (model.Expected.Has("pooling_attention")) Check("pooling_attention", Run(model, tower.Graph, tower.Pooling!.Probabilities!), 1e-4f);

        void Check(string name, float[] actual, float tolerance)
        {
            var expected = model.Expected.Floats(name);
            var error = Error(expected, actual, expected);
            output.WriteLine($"{model.Variant} {name}: {error:g3}");
            Assert.True(error <= tolerance, $"{name} differs by {error}");
        }
    }

    private static (OnnxGraph Graph, TowerGraph Tower) Graph(GradientReferences model)
    {
        var (vision, graph) = (model.Vision, GradientLoader.Read(model.Vision.Model));
        return (graph, TowerGraph.Find(graph, graph.InputBit(vision.InputName), vision.Output!.Name, vision.OutputKind == VisionOutputKind.ImageEmbedding,
            model.Layers));
    }

    /// <summary>A tensor of the forward graph on the reference picture.</summary>
    private static float[] Run(GradientReferences model, OnnxGraph graph, string tensor)
    {
        var nodes = new GraphInstrumenter(graph);
        nodes.Expose(tensor);
        using var session = FixtureModels.Factory.CreateInMemory(nodes.BuildExposed());
        using var input = Core.Runtime.Sessions.Tensors.FromFloats(model.Pixels, model.Vision.InputShape, model.Vision.InputType);
        return session.Run(new Dictionary<string, OrtValue> { [model.Vision.InputName] = input }, [tensor],
            values => Core.Runtime.Sessions.Tensors.ToFloats(values[0]));
    }

    /// <summary>[layer, head, query, key]: the backward pass as methods use it, before heads are joined.</summary>
    private static float[] AttentionGradients(GradientReferences model, OnnxGraph graph, TowerGraph tower, float[] seed)
    {
        using var input = Core.Runtime.Sessions.Tensors.FromFloats(model.Pixels, model.Vision.InputShape, model.Vision.InputType);
        using var measure = TowerMeasure.Of(FixtureModels.Factory, tower, new Dictionary<string, OrtValue> { [model.Vision.InputName] = input },
            areFixed: model.Vision.Resolutions is null);
        var nodes = new GraphInstrumenter(tower.Graph);
        var forward = new ForwardValues(tower.Graph, nodes, measure.Shapes, computed: true);
        nodes.AddInput(GradientGraph.Seed, OnnxTensor.Float, 2);
        string[] attention = [.. tower.Layers.Select(layer => layer.Probabilities!)];
        var pass = new BackwardPass(tower.Graph, nodes, forward, GradientKind.Plain, [], attention) { Labels = nodes.Integers(1) };
        pass.Follow(tower.Answer, nodes.Node("Unsqueeze", [GradientGraph.Seed, nodes.Integers(1)]));
        string[] outputs = [.. attention.Select(tensor => nodes.Expose(nodes.Node("Identity", [pass.Dense(tensor)])))];
        nodes.AddInput(tower.States[0], OnnxTensor.Float, measure.Shapes[tower.States[0]].Length);
        var beside = forward.Beside([tower.States[0]]).ToList();
        foreach (var tensor in beside)
            nodes.AddInput(tensor, (int)measure.FixedValue(tensor).GetTensorTypeAndShape().ElementDataType, measure.Shapes[tensor].Length);

        using var session = FixtureModels.Factory.CreateInMemory(nodes.BuildExposed());
        using var state = OrtValue.CreateTensorValueFromMemory(model.State(0), measure.Shapes[tower.States[0]]);
        using var direction = OrtValue.CreateTensorValueFromMemory(seed, [1, seed.Length]);
        var feeds = beside.ToDictionary(tensor => tensor, measure.FixedValue);
        (feeds[tower.States[0]], feeds[GradientGraph.Seed]) = (state, direction);
        return session.Run(feeds, outputs, values => FixtureModels.Concat(values.Select(Core.Runtime.Sessions.Tensors.ToFloats)));
    }
}
