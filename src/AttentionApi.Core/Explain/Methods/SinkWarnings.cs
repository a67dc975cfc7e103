using System.Globalization;
using AttentionApi.Core.Analysis;
using AttentionApi.Core.Models;

namespace AttentionApi.Core.Explain.Methods;

/// <summary>Tells of patches whose part in a map says nothing of what they show (docs/methods.md C.18).</summary>
internal static class SinkWarnings
{
    private const int Named = 8;

    /// <summary>For maps of anything but attention. <see cref="BlockInspection.SinkParts"/> must have been fetched; without them none are known.</summary>
    /// <param name="inspection">The picture.</param>
    /// <param name="maps">Maps over the patches, of which is said where a sink's colour hides the rest.</param>
    /// <param name="cancellation">Ends the run.</param>
    public static async Task<IReadOnlyList<string>> OfAsync(Inspection inspection, IReadOnlyList<Heatmap> maps, CancellationToken cancellation)
    {
        var sinks = await inspection.SinksAsync(cancellation).ConfigureAwait(false);
        var what = Sentence(inspection.Tokens, sinks, "it stores", "they store", "what the model computes about the whole picture, whatever is there");
        var patches = sinks.Select(sink => sink - inspection.Tokens.PrefixTokens).ToHashSet();
        // The labels' maps of a layer share one range of colors.
        var ratio = maps.GroupBy(map => map.Layer).Select(layer => OverTheRest([.. layer], patches)).DefaultIfEmpty().Max();
        return ratio <= 2 ? what : [.. what, string.Create(CultureInfo.InvariantCulture,
            $"A sink's value is {ratio:0.0} times that of any other patch and takes the strongest colour for itself: scale=shared shows the other patches.")];
    }

    /// <summary>The largest magnitude of a sink over that of any other patch; 0 where there is none.</summary>
    private static double OverTheRest(IReadOnlyList<Heatmap> maps, HashSet<int> sinks)
    {
        var (largest, others) = (0f, 0f);
        foreach (var map in maps)
        {
            foreach (var (patch, value) in map.Values.Index())
            {
                if (sinks.Contains(patch)) largest = MathF.Max(largest, MathF.Abs(value));
                else others = MathF.Max(others, MathF.Abs(value));
            }
        }
        return others > 0 ? largest / others : 0;
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
