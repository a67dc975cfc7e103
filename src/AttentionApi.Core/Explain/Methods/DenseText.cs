using AttentionApi.Core.Analysis;
using AttentionApi.Core.Loading;
using AttentionApi.Core.Models;
using AttentionApi.Core.Scoring;

namespace AttentionApi.Core.Explain.Methods;

/// <summary>What the methods that compare every patch with text have in common.</summary>
internal static class DenseText
{
    /// <summary>Everyday things, places and materials: rivals for labels, so that what any picture has in common with any text is told apart from the
    /// label.</summary>
    private static readonly string[] Common =
    [
        "person", "face", "hand", "clothes", "dog", "cat", "bird", "horse", "cow", "sheep", "fish", "insect", "tree", "flower", "leaf", "grass", "soil", "sand",
            "rock", "mountain", "snow", "water",
        "sea", "river", "sky", "cloud", "sun", "night", "fire", "road", "pavement", "bridge", "building", "house", "wall", "fence", "roof", "window", "door",
            "floor", "ceiling", "stairs", "table", "chair",
        "bed", "sofa", "shelf", "lamp", "curtain", "mirror", "picture frame", "screen", "keyboard", "telephone", "book", "paper", "text", "bottle", "cup",
            "plate", "food", "fruit", "bread", "bag", "box",
        "ball", "toy", "tool", "car", "bus", "train", "bicycle", "boat", "aeroplane", "sign", "light", "shadow", "metal", "wood", "glass", "plastic", "cloth",
    ];

    public static string? WhyNot(ModelFacts model) => !model.Text ? $"it compares patches with text, and {model.TextMissing}" : model.AlignmentMissing;

    /// <summary>The common words as labels with the call's prompts, without those that are labels already.</summary>
    public static Task<IReadOnlyList<LabelTarget>> BackgroundAsync(this Inspection inspection, CancellationToken cancellation) =>
        inspection.EmbedAsync([.. Common.Except(inspection.Choice.Labels, StringComparer.OrdinalIgnoreCase)], cancellation);

    /// <summary>The first labels' patches out of [token, label], as [label, patch].</summary>
    public static float[] ByLabel(float[] values, int columns, int labels, TokenLayout tokens)
    {
        var patches = tokens.Grid.Count;
        var maps = new float[labels * patches];
        for (var i = 0; i < maps.Length; i++) maps[i] = values[(tokens.PrefixTokens + i % patches) * columns + i / patches];
        return maps;
    }
}
