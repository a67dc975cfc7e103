using System.Numerics.Tensors;
using AttentionApi.Core.Models;
using AttentionApi.Core.Onnx;
using AttentionApi.Core.Onnx.Backward;
using AttentionApi.Core.Runtime;
using Microsoft.ML.OnnxRuntime;

namespace AttentionApi.Core.Loading;

/// <summary>
/// Opens the gradients of a loaded tower: reads its file again, because a loaded model keeps no graph, and measures the shapes of its values.
/// </summary>
internal static class GradientLoader
{
    /// <exception cref="ModelRefusedException">There is no backward pass for this tower; the message is the reason.</exception>
    public static TowerGradients Open(SessionFactory factory, VisionTower vision)
    {
        if (vision.Output is null) throw new ModelRefusedException("the model gives no answer that labels could be compared with");
        var graph = Read(vision.Model);
        var isEmbedding = vision.OutputKind == VisionOutputKind.ImageEmbedding;
        var tower = TowerGraph.Find(graph, graph.InputBit(vision.InputName), vision.Output.Name, isEmbedding, vision.Layers.Count);
        var picture = PlainModel.Picture(new ImageInput(vision.InputName, vision.InputType, vision.ImageSize));
        Dictionary<string, OrtValue> Feeds() => new() { [vision.InputName] = Tensors.FromFloats(picture, vision.InputShape, vision.InputType) };

        var state = vision.Layers[^1].HiddenState;
        var trial = new GradientTrial(graph.File.FileName, Precisions.Of(graph), (int)state.ElementType, Feeds, Answer(vision, Feeds, isEmbedding));
        return Open(factory, tower, trial, state.Shape);
    }

    private static TowerGradients Open(SessionFactory factory, TowerGraph tower, GradientTrial trial, long[] state)
    {
        var feeds = trial.Feeds();
        try
        {
            var measure = TowerMeasure.Of(factory, tower, feeds);
            var head = ReadOutBuilder.Build(tower.Graph, new HiddenState(tower.States[^1], []), state, trial.StateType, tower.Answer,
                new AttentionSites(tower.Graph));
            return new TowerGradients(factory, tower, measure, head.Model is null ? null : head.HeadAnswer, trial);
        }
        finally
        {
            foreach (var value in feeds.Values) value.Dispose();
        }
    }

    private static float[] Answer(VisionTower vision, Func<Dictionary<string, OrtValue>> feeds, bool isEmbedding)
    {
        var inputs = feeds();
        try
        {
            var answer = OrtErrors.Translate(Path.GetFileName(vision.Model.SourcePath), () =>
                vision.Session.Run(inputs, [vision.Output!.Name], values => Tensors.ToFloats(values[0])));
            if (isEmbedding) TensorPrimitives.Divide(answer, TensorPrimitives.Norm<float>(answer), answer);
            return answer;
        }
        finally
        {
            foreach (var value in inputs.Values) value.Dispose();
        }
    }

    private static OnnxGraph Read(InstrumentedModel model)
    {
        var file = OnnxFile.Read(model.SourcePath);
        return file.Sha256 == model.SourceSha256 ? new OnnxGraph(file)
            : throw new ModelRefusedException($"{file.FileName} has changed since it was loaded") { MayPass = true };
    }
}
