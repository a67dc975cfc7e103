using System.Globalization;
using System.Text;
using AttentionApi.Core.Explain;

namespace AttentionApi.Core.Rendering.Layout;

/// <summary>What a legend says in words.</summary>
/// <param name="Words">Ours, such as "layers 1–6 of 12"; may be empty.</param>
/// <param name="Label">The user's label, any text.</param>
/// <param name="LabelNumber">Counted from 1 as requested: named instead of a label that the font cannot draw.</param>
internal sealed record Caption(string Words, string? Label = null, int LabelNumber = 1)
{
    /// <summary>Method and model, on a line of their own; empty: none.</summary>
    public string Source { get; init; } = "";

    /// <summary>What the picture shows, and what the ends of the colour bar mean; null: numbers alone.</summary>
    public MapWords? Says { get; init; }

    public static string Layer(int layer, int layers) => string.Create(CultureInfo.InvariantCulture, $"layer {layer} of {layers}");

    public static string Layers(int from, int to, int layers) =>
        from == to ? Layer(to, layers) : string.Create(CultureInfo.InvariantCulture, $"layers {from}–{to} of {layers}");

    /// <summary>The label as it can be drawn: one line, composed, without controls; or its number.</summary>
    internal string? DrawableLabel => Label is null ? null : Tidy(Label) is var tidy && Text.BundledFont.CanDraw(tidy) ? tidy : NumberedLabel;

    /// <summary>Words and label side by side; the label is isolated (U+2068, U+2069) so that a right-to-left label does not reorder the words.</summary>
    internal string OneLine => DrawableLabel is not { } label ? Words : Words.Length == 0 ? label : $"{Words} · \u2068{label}\u2069";

    /// <summary>Null, or why the label is not drawn as sent.</summary>
    internal string? Warning => Label is null || Text.BundledFont.CanDraw(Tidy(Label))
        ? null : $"The label \"{Label}\" has characters that the pictures' font lacks: pictures call it \"{NumberedLabel}\".";

    private string NumberedLabel => string.Create(CultureInfo.InvariantCulture, $"label {LabelNumber}");

    private static string Tidy(string label)
    {
        var tidy = new StringBuilder(label.Length);
        foreach (var rune in label.EnumerateRunes())
        {
            if (Rune.IsWhiteSpace(rune) || Rune.IsControl(rune)) tidy.Append(' ');
            else if (!Dropped(rune)) tidy.Append(rune);
        }
        return string.Join(' ', tidy.ToString().Normalize(NormalizationForm.FormC).Split(' ', StringSplitOptions.RemoveEmptyEntries));
    }

    /// <summary>Joiners shape letters and are kept; direction overrides and variation selectors are removed, because they would disturb the line.</summary>
    private static bool Dropped(Rune rune) =>
        Rune.GetUnicodeCategory(rune) == UnicodeCategory.Format && rune.Value is not (0x200C or 0x200D) || rune.Value is >= 0xFE00 and <= 0xFE0F;
}
