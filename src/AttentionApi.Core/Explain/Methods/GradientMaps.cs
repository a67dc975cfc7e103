using AttentionApi.Core.Analysis;
using AttentionApi.Core.Models;
using AttentionApi.Core.Onnx.Backward;
using AttentionApi.Core.Parameters;

namespace AttentionApi.Core.Explain.Methods;

/// <summary>What the methods that use gradients have in common: how rows over tokens become maps, and whose row it is.</summary>
internal static class GradientMaps
{
    /// <summary>The patch entries of a row over all tokens, as the map of a label.</summary>
    public static Heatmap Map(TokenLayout tokens, ReadOnlySpan<double> row, int layer, string label, bool signed) =>
        Map(tokens.Grid, Patches(tokens, row), layer, label, signed);

    public static Heatmap Map(PatchGrid grid, ReadOnlySpan<double> patches, int layer, string label, bool signed)
    {
        var values = new float[patches.Length];
        for (var i = 0; i < values.Length; i++) values[i] = (float)patches[i];
        return new(layer, null, label, signed, grid.Rows, grid.Columns, values);
    }

    /// <summary>Warns where gradients are approximate. Text tokens get the relevance of the same gradients, from the text tower.</summary>
    /// <exception cref="ParameterException">They are asked for, and it gives no such gradients.</exception>
    public static void Check(MethodContext context, GradientKind kind)
    {
        if (context.Model.Quantized)
        {
            context.Warn("The file's weights are integers, and its kernels round what they multiply: gradients go back through the weights as numbers, and "
                + (kind == GradientKind.Libra ? "the parts of the score miss what was rounded, up to a few percent of it." : "miss what was rounded."));
        }
        if (context.Model.Text && context.Values.Get(SharedParameters.TextTokens) && context.Model.TextGradients.Missing(kind) is { } reason)
            throw TextRelevance.Refused(context.Model, reason);
    }

    public static ReadOnlySpan<T> Patches<T>(TokenLayout tokens, ReadOnlySpan<T> row) => row.Slice(tokens.PrefixTokens, tokens.Grid.Count);

    /// <summary>The weight of each query row: the token asked for, else what the head reads.</summary>
    public static double[] QueryWeights(TokenLayout tokens, HeadReading head, QueryToken? query)
    {
        var weights = new double[tokens.Count];
        switch (query?.Kind ?? OfHead(tokens, head))
        {
            case null: weights.AsSpan(tokens.PrefixTokens, tokens.Grid.Count).Fill(1.0 / tokens.Grid.Count); break;
            case QueryKind.Mean: Array.Fill(weights, 1.0 / tokens.Count); break;
            default: weights[query is { } asked ? AttentionParameters.TokenOf(tokens, asked) : tokens.HeadToken] = 1; break;
        }
        return weights;
    }

    /// <summary>Null for the mean of the patches, which no query names.</summary>
    private static QueryKind? OfHead(TokenLayout tokens, HeadReading head) => head switch
    {
        HeadReading.Token => QueryKind.Cls,
        HeadReading.MeanOfPatches => null,
        HeadReading.Several when tokens.HasCls => QueryKind.Cls,
        _ => QueryKind.Mean,
    };
}
