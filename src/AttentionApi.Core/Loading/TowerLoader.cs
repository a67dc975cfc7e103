using AttentionApi.Core.Loading.Gradients;
using AttentionApi.Core.Loading.Probing;
using AttentionApi.Core.Models;
using AttentionApi.Core.Models.Configuration;
using AttentionApi.Core.Models.Folders;
using AttentionApi.Core.Onnx;
using AttentionApi.Core.Runtime;
using AttentionApi.Core.Runtime.Sessions;
using AttentionApi.Core.Runtime.Text;

namespace AttentionApi.Core.Loading;

/// <summary>Attention sites found in a model's files.</summary>
/// <param name="Vision">Layers of the vision tower.</param>
/// <param name="Text">Layers of the text tower.</param>
/// <param name="Other">Pooling heads and cross-attention, which no method uses.</param>
public sealed record AttentionSiteCounts(int Vision, int Text, int Other);

/// <summary>A model ready to run, and what its graph and configuration say about it.</summary>
internal sealed record ModelTowers : IDisposable
{
    public required VisionTower Vision { get; init; }

    /// <summary>Null where the model takes no labels as text.</summary>
    public required TextTower? Text { get; init; }
    public required ModelConfig Config { get; init; }

    /// <summary>The factor from cosine to logit that a graph holds, already exponentiated; null where none does.</summary>
    public required LogitConstant? LogitScale { get; init; }

    /// <summary>What a graph adds to the scaled cosine; null where none does.</summary>
    public required LogitConstant? LogitBias { get; init; }
    public required Precision Precision { get; init; }
    public required AttentionSiteCounts Sites { get; init; }

    /// <summary>Why the attention cannot be read; null where it can.</summary>
    public required string? AttentionMissing { get; init; }

    /// <summary>What gradients the vision tower offers.</summary>
    public required GradientFacts Gradients { get; init; }

    /// <summary>What gradients the text tower offers.</summary>
    public required GradientFacts TextGradients { get; init; }

    /// <summary>Sentences for people: where the configuration is absent or wrong, and what is not available.</summary>
    public required IReadOnlyList<string> Warnings { get; init; }

    public void Dispose()
    {
        Vision.Dispose();
        Text?.Dispose();
    }
}

/// <summary>Opens a model folder: reads its graphs, finds the towers and makes them ready.</summary>
internal static class TowerLoader
{
    /// <param name="folder">Where the files lie.</param>
    /// <param name="factory">Makes the sessions.</param>
    /// <param name="attentionMissing">Why the attention cannot be read, as another try has shown: only the answers are used then. Null: it is read.</param>
    /// <exception cref="ModelRefusedException">The model cannot be explained or cannot be run; the message is one sentence for people.</exception>
    public static ModelTowers Load(ModelFolder folder, SessionFactory factory, string? attentionMissing = null)
    {
        var warnings = new List<string>(folder.Warnings);
        var config = ModelConfig.Read(folder);
        var opened = OpenedModel.Of(folder, factory, config, warnings);
        var (graph, textGraph, text, sites) = (opened.Graph, opened.TextGraph, opened.Text, opened.Sites);
        var vision = attentionMissing is null ? opened.LoadVision() : opened.LoadAnswersAlone(attentionMissing);
        try
        {
            var textTower = text is null ? null : opened.IsCombined
                ? new TextTowerLoader(factory, graph, sites, text).Load(opened.Plain, warnings)
                : new TextTowerLoader(factory, textGraph, new AttentionSites(textGraph), text)
                    .Load(new PlainModel(factory, textGraph, null, text, null), warnings);
            if (attentionMissing is null) Contradict(config, vision, warnings);
            else
            {
                warnings.Add("Only methods that need nothing but the model's answers are offered, "
                    + $"for cells of {vision.PatchSize} pixels: {attentionMissing}");
            }
            var logits = textTower is null ? null : TrainedLogits.Find(folder, factory, graph, opened.Head, textGraph, warnings);
            return new()
            {
                Vision = vision,
                Text = textTower,
                Config = config,
                LogitScale = logits?.Scale,
                LogitBias = logits?.Bias,
                Precision = Precisions.Of(graph),
                AttentionMissing = attentionMissing,
                Gradients = attentionMissing is null ? GradientCheck.Of(graph, vision) : GradientFacts.Refused(attentionMissing),
                TextGradients = textTower is null ? GradientFacts.NoText : GradientCheck.Of(opened.IsCombined ? graph : textGraph, textTower),
                Sites = new(vision.Layers.Count, textTower?.Attention.Count ?? 0, opened.Vision.OtherSites),
                Warnings = warnings,
            };
        }
        catch
        {
            vision.Dispose();
            throw;
        }
    }

    private static void Contradict(ModelConfig config, VisionTower vision, List<string> warnings)
    {
        if (config.Layers is { } layers && layers != vision.Layers.Count)
            warnings.Add($"The configuration says {layers} layers, the graph has {vision.Layers.Count}: the graph is followed.");
        if (config.Heads is { } heads && heads != vision.Heads)
            warnings.Add($"The configuration says {heads} heads, the graph has {vision.Heads}: the graph is followed.");
    }
}
