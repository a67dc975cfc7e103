using AttentionApi.Core.Analysis;
using AttentionApi.Core.Models;

namespace AttentionApi.Core.Explain.Methods;

/// <summary>Tells of patches whose part in a map says nothing of what they show (docs/methods.md C.18).</summary>
internal static class SinkWarnings
{
    private const int Named = 8;

    /// <summary>For maps of anything but attention. <see cref="BlockInspection.SinkParts"/> must have been fetched; without them none are known.</summary>
    public static async Task<IReadOnlyList<string>> OfAsync(Inspection inspection, CancellationToken cancellation)
    {
        var sinks = await inspection.SinksAsync(cancellation).ConfigureAwait(false);
        return Sentence(inspection.Tokens, sinks, "it stores", "they store", "what the model computes about the whole picture, whatever is there");
    }

    /// <summary>For maps of attention.</summary>
    /// <param name="tokens">Says where patches lie.</param>
    /// <param name="sinks">As tokens.</param>
    /// <param name="masked">Whether they were taken out.</param>
    public static string[] OfAttention(TokenLayout tokens, IReadOnlyList<int> sinks, bool masked) =>
        Sentence(tokens, sinks, "it gathers", "they gather",
            $"attention whatever is there{(masked ? ", which is left out here" : "; sinks=mask leaves it out")}");

    private static string[] Sentence(TokenLayout tokens, IReadOnlyList<int> sinks, string itDoes, string theyDo, string what)
    {
        if (sinks.Count == 0) return [];
        var columns = tokens.Grid.Columns;
        var named = sinks.Take(Named).Select(token => token - tokens.PrefixTokens).Select(patch => new QueryToken(QueryKind.Patch, patch / columns,
            patch % columns));
        var places = string.Join("; ", named) + (sinks.Count > Named ? $"; and {sinks.Count - Named} more" : "");
        return [sinks.Count == 1 ? $"One patch is an attention sink (row,column {places}): {itDoes} {what}."
            : $"{sinks.Count} patches are attention sinks (row,column {places}): {theyDo} {what}."];
    }
}
