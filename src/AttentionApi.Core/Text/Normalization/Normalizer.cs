using System.Globalization;
using System.Text;
using AttentionApi.Core.Models;
using AttentionApi.Core.Models.Json;
using AttentionApi.Core.Text.Patterns;

namespace AttentionApi.Core.Text.Normalization;

/// <summary>The <c>normalizer</c> of tokenizer.json, as the tokenizers library (Hugging Face, 0.23) runs it: a list of functions from text to text.</summary>
internal sealed class Normalizer
{
    /// <summary>Limits the text, because a hostile file could repeat steps that insert text until memory is full.</summary>
    private const int MaxLength = 100_000;

    private readonly List<Func<string, string>> steps;

    private Normalizer(IEnumerable<Func<string, string>> steps) => this.steps = [.. steps];

    /// <summary>CLIP's, for folders without tokenizer.json (transformers, CLIPTokenizer).</summary>
    public static Normalizer Clip => new([text => Compose(text, NormalizationForm.FormC), Replacing(new TextPattern(@"\s+"), " "), Lower]);

    /// <param name="normalizer">The section of tokenizer.json.</param>
    /// <param name="bert">What tokenizer_config.json has to say on BERT's step.</param>
    public static Normalizer Read(JsonPart? normalizer, BertNormalizer.Overrides? bert = null) =>
        normalizer is null ? new([]) : new Normalizer(normalizer.Value.Steps("normalizers").Select(step => ReadStep(step, bert)));

    /// <exception cref="ModelRefusedException">The text grows beyond the limit.</exception>
    public string Apply(string text)
    {
        foreach (var step in steps) text = Limited(step(text));
        return text;
    }

    private static Func<string, string> ReadStep(JsonPart step, BertNormalizer.Overrides? bert)
    {
        switch (step.Type)
        {
            case "NFC": return text => Compose(text, NormalizationForm.FormC);
            case "NFD": return text => Compose(text, NormalizationForm.FormD);
            case "NFKC": return text => Compose(text, NormalizationForm.FormKC);
            case "NFKD": return text => Compose(text, NormalizationForm.FormKD);
            case "Lowercase": return Lower;
            case "StripAccents": return text => Without(text, IsMark);
            case "Strip": return Trimming(step.Flag("strip_left", absent: true), step.Flag("strip_right", absent: true));
            case "Prepend":
                var prefix = step["prepend"].Text;
                return text => text.Length == 0 ? text : prefix + text;
            case "Replace":
                var content = step["content"].Text;
                return Replacing(ReadPattern(step["pattern"]), content);
            case "Precompiled": return PrecompiledCharacters.Read(step).Apply;
            case "BertNormalizer": return BertNormalizer.Read(step, bert).Apply;
            default: throw step.Refused($"of type '{step.Type}' is not supported");
        }
    }

    /// <summary>A regular expression, or a plain text.</summary>
    public static TextPattern ReadPattern(JsonPart pattern) =>
        pattern.Find("Regex") is { } regex ? new TextPattern(regex.Text) : TextPattern.Exactly(pattern["String"].Text);

    /// <summary>Unicode normalisation. .NET refuses U+FFFE, which no form changes.</summary>
    public static string Compose(string text, NormalizationForm form) => text.Contains('\uFFFE')
        ? string.Join('\uFFFE', text.Split('\uFFFE').Select(part => part.Normalize(form)))
        : text.Normalize(form);

    /// <summary>Character by character: a final Σ becomes σ, and İ is the one letter that becomes two.</summary>
    public static string Lower(string text) => text.Replace("İ", "i\u0307", StringComparison.Ordinal).ToLowerInvariant();

    public static string Without(string text, Func<Rune, bool> unwanted)
    {
        var kept = new StringBuilder(text.Length);
        foreach (var rune in text.EnumerateRunes())
        {
            if (!unwanted(rune)) kept.Append(rune.ToString());
        }
        return kept.ToString();
    }

    public static bool IsMark(Rune rune) =>
        Rune.GetUnicodeCategory(rune) is UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark or UnicodeCategory.EnclosingMark;

    private static Func<string, string> Trimming(bool left, bool right) => (left, right) switch
    {
        (true, true) => text => text.Trim(),
        (true, false) => text => text.TrimStart(),
        (false, true) => text => text.TrimEnd(),
        _ => text => text,
    };

    private static Func<string, string> Replacing(TextPattern pattern, string content) => text =>
    {
        var result = new StringBuilder(text.Length);
        var kept = 0;
        foreach (var (start, end) in pattern.Matches(text))
        {
            result.Append(text, kept, start - kept).Append(content);
            kept = end;
            if (result.Length > MaxLength) break;
        }
        return result.Append(text, kept, text.Length - kept).ToString();
    };

    private static string Limited(string text) => text.Length <= MaxLength
        ? text
        : throw new ModelRefusedException($"The tokenizer's normalizer makes the text longer than {MaxLength} characters.");
}
