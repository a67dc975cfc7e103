using AttentionApi.Core.Models;
using AttentionApi.Core.Onnx;
using AttentionApi.Core.Onnx.Backward;
using AttentionApi.Core.Onnx.Graph;
using AttentionApi.Core.Runtime;
using AttentionApi.Core.Runtime.Text;

namespace AttentionApi.Core.Loading.Gradients;

/// <summary>Tells from a graph, without running it, whether there are gradients.</summary>
internal static class GradientCheck
{
    public static GradientFacts Of(OnnxGraph graph, VisionTower vision)
    {
        if (vision.Output is null) return GradientFacts.None;
        return Of(() => TowerGraph.Find(graph, graph.InputBit(vision.InputName), vision.Output.Name, vision.OutputKind == VisionOutputKind.ImageEmbedding,
            vision.Layers.Count), tower => Reading(tower, vision), isAnySize: vision.Resolutions is not null);
    }

    /// <summary>Of the text embedding, for the weights of text tokens.</summary>
    public static GradientFacts Of(OnnxGraph graph, TextTower text) => Of(() => Find(graph, text), _ => HeadReading.Token, isAnySize: true);

    /// <exception cref="ModelRefusedException">There is no backward pass for this tower; the message is the reason.</exception>
    public static TowerGraph Find(OnnxGraph graph, TextTower text)
    {
        if (text.Input.FixedBatch is > 1) throw new ModelRefusedException("the text tower takes several texts at once only");
        if (text.Attention.Count == 0) throw new ModelRefusedException("the text tower does not give its attention away");
        return TowerGraph.Find(graph, text.Input.Bits(graph), text.Embedding.Name, isEmbedding: true, text.Attention.Count);
    }

    private static GradientFacts Of(Func<TowerGraph> find, Func<TowerGraph, HeadReading> reading, bool isAnySize)
    {
        try
        {
            var tower = find();
            return new(BackwardPass.Refusal(tower, GradientKind.Plain), BackwardPass.Refusal(tower, GradientKind.Libra), reading(tower))
            {
                AtAnySize = isAnySize && !tower.Convolves,
            };
        }
        catch (ModelRefusedException reason)
        {
            return GradientFacts.Refused(reason.Message);
        }
    }

    private static HeadReading Reading(TowerGraph tower, VisionTower vision)
    {
        var state = vision.Layers[^1].HiddenState;
        return ReadOutBuilder.Build(tower.Graph, new HiddenState(tower.States[^1], []), state.Shape, (int)state.ElementType, tower.Answer,
            new AttentionSites(tower.Graph)).Reading;
    }
}
