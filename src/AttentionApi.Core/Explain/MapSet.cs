using AttentionApi.Core.Analysis;
using AttentionApi.Core.Analysis.Kernels;

namespace AttentionApi.Core.Explain;

/// <summary>What a method found out; every method fills what it has.</summary>
/// <param name="Maps">In the contract's order; empty where the method has no picture.</param>
public sealed record MapSet(IReadOnlyList<Heatmap> Maps)
{
    /// <summary>Numbers by layer, head or label, such as trajectories.</summary>
    public IReadOnlyList<Series> Series { get; init; } = [];

    /// <summary>Maps of several numbers a patch, shown as colours.</summary>
    public IReadOnlyList<FeatureMap> Features { get; init; } = [];

    /// <summary>Numbers of every layer and head as a picture of their own, where there is no map over the patches: rows are layers, columns heads.</summary>
    public Heatmap? Table { get; init; }

    /// <summary>Single numbers about maps or labels.</summary>
    public IReadOnlyList<MapScore> Scores { get; init; } = [];

    /// <summary>How the parts of each label's score add up, where the method's parts do.</summary>
    public IReadOnlyList<LabelCompleteness> Completeness { get; init; } = [];

    /// <summary>
    /// How much of the label's score (the class logit, or the cosine) one unit of a map's value is, where the method's parts add up to it; else null.
    /// </summary>
    public double? ScorePerValue { get; init; }

    /// <summary>Token × token matrices, row = query, column = key.</summary>
    public IReadOnlyList<TokenMatrix> Matrices { get; init; } = [];

    /// <summary>What each text token of the labels carries.</summary>
    public IReadOnlyList<TextTokenWeights> TextTokens { get; init; } = [];

    /// <summary>What a careful reader must know.</summary>
    public IReadOnlyList<string> Warnings { get; init; } = [];

    /// <summary>On request: how well the map that pictures show explains its label.</summary>
    public Evidence? Evidence { get; init; }

    /// <summary>What its maps and matrices take in memory.</summary>
    public long Bytes => sizeof(float) * (Maps.Sum(map => (long)map.Values.Length) + Matrices.Sum(matrix => (long)matrix.Values.Length));
}

/// <summary>Named numbers that are no map.</summary>
/// <param name="Name">The key in answers, in camel case.</param>
/// <param name="Entries">One a label, or a single one without label.</param>
public sealed record Series(string Name, IReadOnlyList<SeriesEntry> Entries);

/// <summary>One entry of a series.</summary>
/// <param name="Label">As sent; null where the numbers belong to no label.</param>
/// <param name="Parts">Named numbers; a single part is called <c>values</c>.</param>
public sealed record SeriesEntry(string? Label, IReadOnlyList<(string Name, NumberBlock Numbers)> Parts)
{
    public SeriesEntry(string? label, float[] values) : this(label, [("values", new NumberBlock(values, values.Length))]) { }
}

/// <summary>A number, a row of numbers or rows of numbers.</summary>
/// <param name="Values">Row-major.</param>
/// <param name="Shape">Its sizes; none for a single number.</param>
public sealed record NumberBlock(float[] Values, params IReadOnlyList<int> Shape)
{
    public static implicit operator NumberBlock(float value) => new([value]);
}

/// <summary>A number about a map or a label.</summary>
/// <param name="Name">What it measures.</param>
/// <param name="Label">The label it belongs to, or null.</param>
/// <param name="Value">Finite.</param>
public sealed record MapScore(string Name, string? Label, float Value);

/// <summary>How the parts of a label's score add up: sum + bias + residual = score.</summary>
/// <param name="Label">As sent.</param>
/// <param name="Parts">Relevance of all tokens, biases, and the score.</param>
public sealed record LabelCompleteness(string Label, Completeness Parts);

/// <summary>A map of several numbers a patch.</summary>
/// <param name="Layer">The layer whose states it shows, from 1.</param>
/// <param name="Rows">Grid rows.</param>
/// <param name="Columns">Grid columns.</param>
/// <param name="Channels">Numbers a patch, three or more; the first three are red, green and blue.</param>
/// <param name="Values">[row, column, channel], 0…1.</param>
/// <param name="Explained">Each channel's share of what the states differ by, [channel].</param>
public sealed record FeatureMap(int Layer, int Rows, int Columns, int Channels, float[] Values, float[] Explained);

/// <summary>A matrix over all tokens.</summary>
/// <param name="Name">What it is.</param>
/// <param name="Values">[query, key], row-major.</param>
/// <param name="Tokens">N.</param>
public sealed record TokenMatrix(string Name, float[] Values, int Tokens);
