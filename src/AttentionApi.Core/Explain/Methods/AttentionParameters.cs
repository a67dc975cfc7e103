using AttentionApi.Core.Analysis;
using AttentionApi.Core.Models;
using AttentionApi.Core.Parameters;
using static AttentionApi.Core.Explain.SharedParameters;

namespace AttentionApi.Core.Explain.Methods;

/// <summary>What becomes of patches that gather attention whatever they show.</summary>
internal enum SinkChoice { Keep, Mask }

/// <summary>What the methods that read attention matrices have in common: which heads, which query row, and how a row becomes a map.</summary>
internal static class AttentionParameters
{
    /// <summary>The range, then how heads become one matrix.</summary>
    public static readonly Parameter[] RangeAndHeads = [FromLayer, ToLayer, Fusion, Head, Heads];

    public static readonly Parameter<SinkChoice> Sinks = ParameterKinds.Word("sinks", SinkChoice.Keep,
        "Patches that gather attention whatever they show are named in the warnings; mask: they are taken out, and each row is divided by what is left of it.")
        with { Title = "Patches that collect attention", WordTitles = ["keep", "leave out"] };

    public static IEnumerable<(Parameter, string)> Ineffective(ParameterValues values)
    {
        if (values.Get(Head) is not null || values.Get(Heads) == HeadChoice.Each) yield return (Fusion, "heads are taken one by one");
    }

    /// <summary>One stack for the fused heads or the one head; one a head where each has a map of its own. Sinks are taken out where that is asked
    /// for.</summary>
    public static async Task<(IReadOnlyList<LayerAttention> Stacks, IReadOnlyList<string> Warnings)> StacksAsync(Inspection inspection, ParameterValues values,
        CancellationToken cancellation)
    {
        int?[] heads = values.Get(Heads) == HeadChoice.Each ? [.. Enumerable.Range(1, inspection.Model.Heads).Select(head => (int?)head)] : [values.Get(Head)];
        await inspection.FetchAsync(LayerAttention.PartsFor(values.Get(Fusion), heads[0]), cancellation).ConfigureAwait(false);
        var sinks = await inspection.SinksAsync(cancellation).ConfigureAwait(false);
        var mask = values.Get(Sinks) == SinkChoice.Mask;
        var stacks = new List<LayerAttention>();
        foreach (var head in heads)
            stacks.Add(await inspection.AttentionAsync(values.Get(Fusion), head, cancellation, mask ? sinks : null).ConfigureAwait(false));
        return (stacks, SinkWarnings.OfAttention(inspection.Tokens, sinks, mask));
    }

    /// <summary>The row vector that selects the query: a unit vector, or the mean over all tokens.</summary>
    public static float[] QueryRow(TokenLayout tokens, QueryToken query)
    {
        var row = new float[tokens.Count];
        if (query.Kind == QueryKind.Mean) Array.Fill(row, 1f / row.Length);
        else row[TokenOf(tokens, query)] = 1;
        return row;
    }

    /// <summary>The token that the query names (not for <see cref="QueryKind.Mean"/>).</summary>
    public static int TokenOf(TokenLayout tokens, QueryToken query) =>
        query.Kind == QueryKind.Cls ? 0 : tokens.PrefixTokens + query.Row * tokens.Grid.Columns + query.Column;

    /// <summary>The patch columns of a row over all tokens, as a map.</summary>
    public static Heatmap PatchMap(TokenLayout tokens, ReadOnlySpan<float> row, int layer, int? head) =>
        new(layer, head, null, false, tokens.Grid.Rows, tokens.Grid.Columns, row.Slice(tokens.PrefixTokens, tokens.Grid.Count).ToArray());
}
