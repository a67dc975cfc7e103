using System.Globalization;
using System.Net;
using System.Text;

namespace AttentionApi.Core.Text.Normalization;

/// <summary>
/// What a tokenizer's reference does to a whole text before the steps that tokenizer.json lists: open_clip's cleaning functions (open_clip, tokenizer.py,
/// <c>get_clean_fn</c>), and those of transformers' SigLIP tokenizers.
/// </summary>
internal static class TextCleaning
{
    /// <summary>open_clip's cleaning of that name; null where it has none.</summary>
    public static Func<string, string>? OfOpenClip(string name) => name switch
    {
        "whitespace" => text => SingleSpaces(Basic(text)),
        "lower" => text => Normalizer.Lower(SingleSpaces(Basic(text))),
        // As big_vision trains SigLIP's text tower; a prompt keeps no punctuation at all.
        "canonicalize" => text => SingleSpaces(Normalizer.Lower(WithoutPunctuation(Basic(text).Replace('_', ' ')))),
        _ => null,
    };

    /// <summary>What a tokenizer class of transformers does in code, so that its tokenizer.json may lack it; null where it does nothing.</summary>
    public static Func<string, string>? OfTransformers(string? tokenizerClass) => tokenizerClass switch
    {
        // Here an underscore is punctuation, and goes (tokenization_siglip.py, canonicalize_text).
        "SiglipTokenizer" => text => SingleSpaces(WithoutPunctuation(Normalizer.Lower(text))),
        "Siglip2Tokenizer" => Normalizer.Lower,
        _ => null,
    };

    /// <summary>
    /// open_clip's basic_clean: ftfy.fix_text, then HTML entities twice, then trimmed. Of ftfy's repairs those are made here that can be meant in a label:
    /// typographic quotes, ligatures, full-width letters, control characters, NFC. Text that was decoded by a wrong code page stays as it is.
    /// </summary>
    private static string Basic(string text)
    {
        var repaired = new StringBuilder(text.Length);
        foreach (var letter in WebUtility.HtmlDecode(WebUtility.HtmlDecode(text))) Repair(letter, repaired);
        return Normalizer.Compose(repaired.ToString(), NormalizationForm.FormC).Trim();
    }

    private static void Repair(char letter, StringBuilder repaired)
    {
        switch (letter)
        {
            case '\u02BC' or (>= '\u2018' and <= '\u201B'): repaired.Append('\''); break;
            case >= '\u201C' and <= '\u201F': repaired.Append('"'); break;
            // Latin ligatures; letters of full and half width, and the wide space.
            case (>= '\uFB00' and <= '\uFB06') or (>= '\uFF01' and <= '\uFFEF') or '\u3000' or 'Ĳ' or 'ĳ' or 'ŉ':
                repaired.Append(letter.ToString().Normalize(NormalizationForm.FormKC));
                break;
            case '\uFEFF' or (>= '\u206A' and <= '\u206F') or (>= '\uFFF9' and <= '\uFFFC'): break;
            case var control when char.GetUnicodeCategory(control) == UnicodeCategory.Control && control is not ('\t' or '\n' or '\f' or '\r' or '\u0085'):
                break;
            default: repaired.Append(letter); break;
        }
    }

    /// <summary>Python's <c>" ".join(text.split())</c>.</summary>
    private static string SingleSpaces(string text) => string.Join(' ', text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));

    /// <summary>Without the 32 characters of Python's <c>string.punctuation</c>.</summary>
    private static string WithoutPunctuation(string text) => string.Concat(text.Where(letter => !IsPunctuation(letter)));

    private static bool IsPunctuation(char letter) => char.IsAscii(letter) && (char.IsPunctuation(letter) || char.IsSymbol(letter));
}
