using AttentionApi.Core.Models.Json;

namespace AttentionApi.Core.Text;

/// <summary>A token that is looked for in the text itself, before any model: special tokens and what was added to a vocabulary later.</summary>
/// <param name="Text">As it is spelled in the text.</param>
/// <param name="Id">Its token id.</param>
/// <param name="Normalized">Looked for after the normalizer (in the normalizer's spelling) instead of before.</param>
/// <param name="SingleWord">Only where no letter, digit or underscore touches it.</param>
/// <param name="LeftStrip">White space before it belongs to it.</param>
/// <param name="RightStrip">White space after it belongs to it.</param>
internal sealed record AddedToken(string Text, int Id, bool Normalized, bool SingleWord = false, bool LeftStrip = false, bool RightStrip = false)
{
    public static AddedToken Read(JsonPart token) => new(
        token["content"].Text,
        token["id"].Id,
        token.Flag("normalized", absent: !token.Flag("special", absent: false)),
        token.Flag("single_word", absent: false),
        token.Flag("lstrip", absent: false),
        token.Flag("rstrip", absent: false));
}
