using System.Numerics.Tensors;
using AttentionApi.Core.Loading.Probing;
using AttentionApi.Core.Models;
using AttentionApi.Core.Onnx;
using AttentionApi.Core.Onnx.Backward;
using AttentionApi.Core.Onnx.Graph;
using AttentionApi.Core.Runtime;
using AttentionApi.Core.Runtime.Sessions;
using AttentionApi.Core.Runtime.Text;
using Microsoft.ML.OnnxRuntime;

namespace AttentionApi.Core.Loading.Gradients;

/// <summary>
/// Opens the gradients of a loaded tower: reads its file again, because a loaded model keeps no graph, and measures the shapes of its values.
/// </summary>
internal static class GradientLoader
{
    /// <param name="factory">Makes sessions.</param>
    /// <param name="vision">The tower.</param>
    /// <param name="facts">What its graph told when it was loaded; gets the reasons of what turns out to be refused.</param>
    /// <exception cref="ModelRefusedException">There is no backward pass for this tower; the message is the reason.</exception>
    public static TowerGradients Open(SessionFactory factory, VisionTower vision, GradientFacts facts)
    {
        if (vision.Output is null) throw new ModelRefusedException("the model gives no answer that labels could be compared with");
        var graph = Read(vision.Model);
        var isEmbedding = vision.OutputKind == VisionOutputKind.ImageEmbedding;
        var tower = TowerGraph.Find(graph, graph.InputBit(vision.InputName), vision.Output.Name, isEmbedding, vision.Layers.Count);
        var picture = PlainModel.Picture(new ImageInput(vision.InputName, vision.InputType, vision.ImageSize));
        Dictionary<string, OrtValue> Feeds() => new() { [vision.InputName] = Tensors.FromFloats(picture, vision.InputShape, vision.InputType) };

        var state = vision.Layers[^1].HiddenState;
        var answer = Answer(vision.Session, vision.Output.Name, Feeds, isEmbedding);
        return Open(factory, tower, new GradientTrial(graph.File.FileName, Precisions.Of(graph), (int)state.ElementType, Feeds, answer), state.Shape,
            areFixed: vision.Resolutions is null, facts);
    }

    /// <summary>Gradients of the text embedding; texts go through one at a time.</summary>
    /// <exception cref="ModelRefusedException">There is no backward pass for this tower; the message is the reason.</exception>
    public static TowerGradients Open(SessionFactory factory, TextTower text, GradientFacts facts)
    {
        var graph = Read(text.Model);
        var tower = GradientCheck.Find(graph, text);
        Dictionary<string, OrtValue> Feeds() => PlainModel.Texts(text.Input);

        var answer = Answer(text.Session, text.Embedding.Name, Feeds, isEmbedding: true);
        return Open(factory, tower, new GradientTrial(graph.File.FileName, Precisions.Of(graph), OnnxTensor.Float, Feeds, answer), state: null,
            areFixed: false, facts);
    }

    private static TowerGradients Open(
        SessionFactory factory, TowerGraph tower, GradientTrial trial, long[]? state, bool areFixed, GradientFacts facts)
    {
        var feeds = trial.Feeds();
        try
        {
            var measure = TowerMeasure.Of(factory, tower, feeds, areFixed);
            // Texts have no read-out of single layers.
            var head = state is null ? null
                : ReadOutBuilder.Build(tower.Graph, new HiddenState(tower.States[^1], []), state, trial.StateType, tower.Answer,
                    new AttentionSites(tower.Graph));
            return new TowerGradients(factory, tower, measure, head?.Model is null ? null : head.HeadAnswer, trial, facts);
        }
        finally
        {
            foreach (var value in feeds.Values) value.Dispose();
        }
    }

    private static float[] Answer(InferenceSession session, string output, Func<Dictionary<string, OrtValue>> feeds, bool isEmbedding)
    {
        var inputs = feeds();
        try
        {
            var answer = session.Run(inputs, [output], values => Tensors.ToFloats(values[0]));
            if (isEmbedding) TensorPrimitives.Divide(answer, TensorPrimitives.Norm<float>(answer), answer);
            return answer;
        }
        finally
        {
            foreach (var value in inputs.Values) value.Dispose();
        }
    }

    /// <summary>The graph that the tower was loaded from, with its inputs adapted. It is read again, because graphs are not kept.</summary>
    internal static OnnxGraph Read(InstrumentedModel model)
    {
        var file = OnnxFile.Read(model.SourcePath);
        return file.Sha256 == model.SourceSha256 ? new OnnxGraph(model.Edits.Aggregate(file, (edited, edit) => edited.With(edit)))
            : throw new ModelRefusedException($"{file.FileName} has changed since it was loaded") { MayPass = true };
    }
}
