using System.Globalization;
using AttentionApi.Core.Analysis;
using AttentionApi.Core.Analysis.Kernels;
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
        var ratio = maps.Select(map => OverTheRest(map, [.. sinks.Select(sink => sink - inspection.Tokens.PrefixTokens)])).DefaultIfEmpty().Max();
        // From this ratio on, the colours of a picture go to the largest value instead of the 99th percentile.
        return ratio <= 2 ? what : [.. what, string.Create(CultureInfo.InvariantCulture,
            $"A sink's value is {ratio:0.0} times the map's 99th percentile and takes the strongest colour for itself: scale=shared shows the other patches.")];
    }

    /// <summary>The largest magnitude over that of the outer percentiles; 0 where it is not a sink's.</summary>
    private static double OverTheRest(Heatmap map, int[] sinks)
    {
        var magnitudes = Array.ConvertAll(map.Values, MathF.Abs);
        var largest = magnitudes.Max();
        if (!sinks.Contains(Array.IndexOf(magnitudes, largest))) return 0;
        float[] sorted = [.. map.Values.Order()];
        var outer = Math.Max(Math.Abs(Percentile.Of(sorted, 0.01)), Math.Abs(Percentile.Of(sorted, 0.99)));
        return outer > 0 ? largest / outer : 0;
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
