using AttentionApi.Core.Models;
using AttentionApi.Core.Onnx;
using AttentionApi.Core.Onnx.Backward;
using AttentionApi.Core.Runtime;

namespace AttentionApi.Core.Loading;

/// <summary>Tells from a graph, without running it, whether gradients can be had.</summary>
internal static class GradientCheck
{
    public static GradientFacts Of(OnnxGraph graph, VisionTower vision)
    {
        if (vision.Output is null) return GradientFacts.None;
        try
        {
            var tower = TowerGraph.Find(graph, graph.InputBit(vision.InputName), vision.Output.Name,
                vision.OutputKind == VisionOutputKind.ImageEmbedding, vision.Layers.Count);
            return new(BackwardPass.Refusal(tower, GradientKind.Plain), BackwardPass.Refusal(tower, GradientKind.Libra), Reading(tower, vision));
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
