using AttentionApi.Core.Loading.Probing;
using AttentionApi.Core.Models;
using AttentionApi.Core.Models.Configuration;
using AttentionApi.Core.Onnx;
using AttentionApi.Core.Onnx.Graph;
using AttentionApi.Core.Runtime;
using AttentionApi.Core.Runtime.Sessions;

namespace AttentionApi.Core.Loading;

/// <summary>
/// A model whose attention cannot be read, because it has none or not between all tokens: what it answers is used alone. Methods that hide parts of the
/// picture need no more. The picture is cut into square cells, which stand in place of patches.
/// </summary>
/// <param name="factory">Makes the session.</param>
/// <param name="graph">With the picture as an input.</param>
/// <param name="image">That input.</param>
internal sealed class AnswersAloneLoader(SessionFactory factory, OnnxGraph graph, ImageInput image)
{
    /// <summary>Cells along the shorter side: 16 pixels each at 224.</summary>
    private const int Cells = 14;

    /// <param name="plainModel">The unchanged model, which must give finite answers.</param>
    /// <param name="config">What the configuration says about the answer.</param>
    /// <param name="hasText">True where there is a text tower: the answer is an embedding then.</param>
    /// <param name="reason">Why its attention cannot be read.</param>
    /// <exception cref="ModelRefusedException">It cannot be run, or its answers judge no labels.</exception>
    public VisionTower Load(PlainModel plainModel, ModelConfig config, bool hasText, string reason)
    {
        var imageBit = graph.InputBit(image.Name);
        var plain = plainModel.OutputsOf(imageBit);
        var answer = ModelOutputs.Answer(plainModel, imageBit, config, hasText);
        if (answer is not var (name, kind) || kind == VisionOutputKind.ImageEmbedding && !hasText) throw new ModelRefusedException(reason);
        var squashed = kind == VisionOutputKind.Logits ? plainModel.LogitsBefore(name) : null;
        var output = squashed?.Logits ?? plain[name];
        if (!output.Values.All(float.IsFinite)) throw new ModelRefusedException(reason);

        var instrumenter = new GraphInstrumenter(graph);
        instrumenter.Expose(output.Info.Name);
        var model = graph.Inputs.Count == 1 ? instrumenter.Build() : instrumenter.BuildExposed();
        var (size, side) = (image.Size, Math.Max(1, Math.Min(image.Size.Width, image.Size.Height) / Cells));
        return new VisionTower
        {
            Session = OrtErrors.Translate(graph.File.FileName, () => factory.Create(model)),
            Model = model,
            InputName = image.Name,
            InputType = image.ElementType,
            ImageSize = size,
            PatchSize = new PixelSize(side, side),
            PatchArea = PixelArea.Of(size),
            Layout = new TokenLayout(0, new PatchGrid(size.Height / side, size.Width / side), 0, HasCls: false),
            Heads = 0,
            Layers = [],
            Embeddings = output.Info,
            OutputKind = kind,
            Output = output.Info,
            GraphScores = squashed?.Kind,
            ReadOut = null,
            ReadOutRefusal = reason,
            FinalNorm = null,
            Blocks = null,
            BlocksRefusal = reason,
            PartsRefusal = reason,
            Batches = factory.Batches,
        };
    }
}
