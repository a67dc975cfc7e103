using System.Globalization;
using System.Text;
using AttentionApi.Core.Models.Json;

namespace AttentionApi.Core.Text.Normalization;

/// <summary>
/// BERT's basic cleaning (Devlin et al. 2019, tokenization.py): control characters, Chinese characters, accents, case. Of 129,536 code points, 618 differ
/// from the reference: marks and punctuation added after Unicode 8, at which the reference's tables end.
/// </summary>
internal sealed record BertNormalizer(bool Clean, bool SeparateChinese, bool StripAccents, bool Lowercase)
{
    /// <summary>What tokenizer_config.json says in place of tokenizer.json; null: nothing.</summary>
    internal sealed record Overrides(bool? Lowercase, bool? StripAccents, bool? SeparateChinese)
    {
        public static Overrides Read(JsonPart file) => new(Flag(file, "do_lower_case"), Flag(file, "strip_accents"), Flag(file, "tokenize_chinese_chars"));

        private static bool? Flag(JsonPart file, string name) => file.Find(name) is null ? null : file.Flag(name, absent: false);
    }

    public static BertNormalizer Read(JsonPart step, Overrides? overrides = null)
    {
        var lowercase = overrides?.Lowercase ?? step.Flag("lowercase", absent: true);
        return new(
            step.Flag("clean_text", absent: true),
            overrides?.SeparateChinese ?? step.Flag("handle_chinese_chars", absent: true),
            overrides?.StripAccents ?? step.Flag("strip_accents", absent: lowercase),
            lowercase);
    }

    public string Apply(string text)
    {
        if (Clean || SeparateChinese) text = CleanAndSeparate(text);
        if (StripAccents) text = Normalizer.Without(Normalizer.Compose(text, NormalizationForm.FormD), IsAccent);
        return Lowercase ? Normalizer.Lower(text) : text;
    }

    /// <summary>CJK ideographs, which BERT treats as words of their own. Kana and Hangul are not among them.</summary>
    public static bool IsChinese(Rune rune) => rune.Value is
        >= 0x4E00 and <= 0x9FFF or >= 0x3400 and <= 0x4DBF or >= 0x20000 and <= 0x2A6DF or >= 0x2A700 and <= 0x2B73F
        or >= 0x2B740 and <= 0x2B81F or >= 0x2B920 and <= 0x2CEAF or >= 0xF900 and <= 0xFAFF or >= 0x2F800 and <= 0x2FA1F;

    private string CleanAndSeparate(string text)
    {
        var result = new StringBuilder(text.Length);
        foreach (var rune in text.EnumerateRunes())
        {
            if (Clean && IsInvisible(rune)) continue;
            if (Clean && Rune.IsWhiteSpace(rune)) result.Append(' ');
            else if (SeparateChinese && IsChinese(rune)) result.Append(' ').Append(rune.ToString()).Append(' ');
            else result.Append(rune.ToString());
        }
        return result.ToString();
    }

    private static bool IsAccent(Rune rune) => Rune.GetUnicodeCategory(rune) == UnicodeCategory.NonSpacingMark;

    private static bool IsInvisible(Rune rune) => rune.Value is not ('\t' or '\n' or '\r')
        && (rune == Rune.ReplacementChar || Rune.GetUnicodeCategory(rune) is UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.PrivateUse);
}
