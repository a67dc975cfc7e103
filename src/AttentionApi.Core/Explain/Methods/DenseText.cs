using AttentionApi.Core.Analysis;
using AttentionApi.Core.Loading;
using AttentionApi.Core.Models;
using AttentionApi.Core.Parameters;
using AttentionApi.Core.Scoring;
using static AttentionApi.Core.Explain.SharedParameters;

namespace AttentionApi.Core.Explain.Methods;

/// <summary>What the methods that compare every patch with text have in common.</summary>
internal static class DenseText
{
    /// <summary>Everyday things, places and materials: rivals for labels, so that what any picture has in common with any text is told apart from the label.</summary>
    private static readonly string[] Common =
    [
        "person", "face", "hand", "clothes", "dog", "cat", "bird", "horse", "cow", "sheep", "fish", "insect", "tree", "flower", "leaf", "grass", "soil", "sand", "rock", "mountain", "snow", "water",
        "sea", "river", "sky", "cloud", "sun", "night", "fire", "road", "pavement", "bridge", "building", "house", "wall", "fence", "roof", "window", "door", "floor", "ceiling", "stairs", "table", "chair",
        "bed", "sofa", "shelf", "lamp", "curtain", "mirror", "picture frame", "screen", "keyboard", "telephone", "book", "paper", "text", "bottle", "cup", "plate", "food", "fruit", "bread", "bag", "box",
        "ball", "toy", "tool", "car", "bus", "train", "bicycle", "boat", "aeroplane", "sign", "light", "shadow", "metal", "wood", "glass", "plastic", "cloth",
    ];

    public static string? WhyNot(ModelFacts model) => !model.Text ? $"it compares patches with text, and {model.TextMissing}" : model.AlignmentMissing;

    /// <summary>The common words as labels with the call's prompts, without those that are labels already.</summary>
    public static Task<IReadOnlyList<LabelTarget>> BackgroundAsync(this Inspection inspection, CancellationToken cancellation) =>
        inspection.EmbedAsync([.. Common.Except(inspection.Choice.Labels, StringComparer.OrdinalIgnoreCase)], cancellation);

    /// <summary>The label that maps are set against; null where there is none.</summary>
    public static async Task<LabelTarget?> VersusAsync(Inspection inspection, ParameterValues parameters, CancellationToken cancellation) =>
        parameters.Get(Versus) is { } versus ? await inspection.LabelAsync(Versus, versus, cancellation).ConfigureAwait(false) : null;

    /// <summary>The first labels' patches out of [token, label], as [label, patch].</summary>
    public static float[] ByLabel(float[] values, int columns, int labels, TokenLayout tokens)
    {
        var patches = tokens.Grid.Count;
        var maps = new float[labels * patches];
        for (var i = 0; i < maps.Length; i++) maps[i] = values[(tokens.PrefixTokens + i % patches) * columns + i / patches];
        return maps;
    }

    /// <param name="values">[label, patch].</param>
    /// <param name="labels">One a map.</param>
    /// <param name="model">The maps belong to its last layer.</param>
    /// <param name="signed">True for differences.</param>
    public static Heatmap[] Maps(float[] values, IReadOnlyList<LabelTarget> labels, ModelFacts model, bool signed)
    {
        var grid = model.Tokens.Grid;
        return [.. labels.Select((target, label) => new Heatmap(model.Layers, null, target.Label, signed, grid.Rows, grid.Columns, values[(label * grid.Count)..((label + 1) * grid.Count)]))];
    }
}
