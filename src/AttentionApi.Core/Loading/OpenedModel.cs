using AttentionApi.Core.Loading.Probing;
using AttentionApi.Core.Models;
using AttentionApi.Core.Models.Configuration;
using AttentionApi.Core.Models.Folders;
using AttentionApi.Core.Onnx;
using AttentionApi.Core.Onnx.Graph;
using AttentionApi.Core.Runtime;
using AttentionApi.Core.Runtime.Sessions;
using AttentionApi.Core.Runtime.Text;

namespace AttentionApi.Core.Loading;

/// <summary>A model's graphs, read and looked through: what its vision tower is loaded from.</summary>
internal sealed class OpenedModel
{
    private readonly SessionFactory factory;
    private readonly ImageInput image;
    private readonly ModelConfig config;
    private readonly List<string> warnings;

    private OpenedModel(ModelFolder folder, SessionFactory factory, ModelConfig config, List<string> warnings)
    {
        (this.factory, this.config, this.warnings) = (factory, config, warnings);
        var graph = ImageInput.ChannelsFirst(Open(folder.VisionFile));
        var declared = ImageInput.Find(graph) ?? throw ImageInput.NoPicture(graph);
        image = InputSizeTrial.Settle(factory, graph, declared, config, warnings);
        IsCombined = folder.TextFile is null;
        var ids = IsCombined ? TextInput.Find(graph) : null;
        Graph = SideInputs.Fill(factory, graph, image, ids);
        TextGraph = IsCombined ? Graph : Open(folder.TextFile!);
        Text = IsCombined ? ids : TextInput.Find(TextGraph);
        Head = IsCombined && Text is not null ? ContrastiveHead.Find(Graph, Graph.InputBit(image.Name), Text.Bits(Graph)) : null;
        Plain = new PlainModel(factory, Graph, image, IsCombined ? Text : null, Head);
        Sites = new AttentionSites(Graph);
        Vision = new VisionTowerLoader(factory, Graph, Sites, image);
    }

    /// <summary>Of the vision tower, or of both.</summary>
    public OnnxGraph Graph { get; }

    /// <summary>The text tower's graph, or the same one if there is no separate file.</summary>
    public OnnxGraph TextGraph { get; }

    /// <summary>True where one file holds both towers.</summary>
    public bool IsCombined { get; }

    /// <summary>Null where the model reads no text.</summary>
    public TextInput? Text { get; }

    /// <summary>Where a combined file compares the embeddings.</summary>
    public ContrastiveHead? Head { get; }

    public PlainModel Plain { get; }
    public AttentionSites Sites { get; }
    public VisionTowerLoader Vision { get; }

    /// <exception cref="ModelRefusedException">A file cannot be read, or takes no picture.</exception>
    public static OpenedModel Of(ModelFolder folder, SessionFactory factory, ModelConfig config, List<string> warnings) =>
        new(folder, factory, config, warnings);

    /// <exception cref="ModelRefusedException">The vision tower cannot be explained.</exception>
    public VisionTower LoadVision() => Vision.Load(Plain, config, hasText: Text is not null, warnings);

    /// <summary>Its answers alone, where its attention cannot be read.</summary>
    /// <exception cref="ModelRefusedException">It gives no answers that judge labels.</exception>
    public VisionTower LoadAnswersAlone(string reason) => new AnswersAloneLoader(factory, Graph, image).Load(Plain, config, hasText: Text is not null, reason);

    private static OnnxGraph Open(string path)
    {
        var graph = new OnnxGraph(OnnxFile.Read(path));
        GraphChecks.ThrowIfUnusable(graph);
        return DeferredSoftmax.DivideFirst(graph);
    }
}
