using AttentionApi.Core.Models;
using AttentionApi.Core.Onnx;

namespace AttentionApi.Core.Inference;

/// <summary>Attention sites found in a model's files.</summary>
/// <param name="Vision">Layers of the vision tower.</param>
/// <param name="Text">Layers of the text tower.</param>
/// <param name="Other">Pooling heads and cross-attention, which no method uses.</param>
public sealed record AttentionSiteCounts(int Vision, int Text, int Other);

/// <summary>A model ready to run, and what its graph and configuration say about it.</summary>
public sealed record ModelTowers : IDisposable
{
    public required VisionTower Vision { get; init; }

    /// <summary>Null where the model takes no labels as text.</summary>
    public required TextTower? Text { get; init; }
    public required ModelConfig Config { get; init; }
    public required Precision Precision { get; init; }
    public required AttentionSiteCounts Sites { get; init; }

    /// <summary>In words, for people: where the configuration is absent or wrong, what could not be had.</summary>
    public required IReadOnlyList<string> Warnings { get; init; }

    public void Dispose()
    {
        Vision.Dispose();
        Text?.Dispose();
    }
}

/// <summary>Opens a model folder: reads its graphs, finds the towers and makes them ready.</summary>
public static class TowerLoader
{
    /// <exception cref="ModelRefusedException">The model cannot be explained or not be run; the message is one sentence for people.</exception>
    public static ModelTowers Load(ModelFolder folder, SessionFactory factory)
    {
        var warnings = new List<string>();
        var config = ModelConfig.Read(folder);
        var graph = Open(folder.VisionFile);
        var textGraph = folder.TextFile is { } file ? Open(file) : graph;
        var sites = new AttentionSites(graph);
        var textSites = textGraph == graph ? sites : new AttentionSites(textGraph);

        var image = ImageInput.Find(graph, config, warnings)
            ?? throw new ModelRefusedException($"{graph.File.FileName} takes no picture: it has no input of real numbers.");
        var text = TextInput.Find(textGraph);
        var plain = new PlainModel(factory, graph, image, textGraph == graph ? text : null);
        var plainText = textGraph == graph ? plain : new PlainModel(factory, textGraph, null, text);

        var visionLoader = new VisionTowerLoader(factory, graph, sites, image);
        var vision = visionLoader.Load(plain, config, hasText: text is not null);
        try
        {
            TextTower? textTower = null;
            if (text is not null)
            {
                var bits = text.Names.Aggregate(0UL, (all, name) => all | textGraph.InputBit(name));
                if (ModelOutputs.Embedding(plainText.OutputsOf(bits)) is { } embedding) textTower = new TextTowerLoader(factory, textGraph, textSites, text).Load(plainText, embedding, warnings);
                else warnings.Add("The text tower gives no embedding [texts, width], so free labels are not offered.");
            }
            return new()
            {
                Vision = vision,
                Text = textTower,
                Config = config,
                Precision = Precisions.Of(graph),
                Sites = new(vision.Layers.Count, textTower?.Attention.Count ?? 0, visionLoader.OtherSites),
                Warnings = warnings,
            };
        }
        catch
        {
            vision.Dispose();
            throw;
        }
    }

    private static OnnxGraph Open(string path)
    {
        var graph = new OnnxGraph(OnnxFile.Read(path));
        GraphChecks.Refuse(graph);
        return graph;
    }
}
