namespace AttentionApi.Core.Explain;

/// <summary>How a layer's heads become one matrix.</summary>
public enum HeadFusion { Mean, Max, Min }

/// <summary>What an alignment map shows, of the raw similarity S of patch and label.</summary>
public enum AlignmentView { Cosine, Centered, Softmax, Contrast }

/// <summary>The frames of an animation: each layer by itself, or everything from the first layer of the range up to it.</summary>
public enum FrameMode { Layers, Cumulative }

/// <summary>Which query row of a matrix a map shows.</summary>
public enum QueryKind { Cls, Mean, Patch }

/// <summary>The query row; row and column count from 0 and matter for <see cref="QueryKind.Patch"/> only.</summary>
public readonly record struct QueryToken(QueryKind Kind, int Row = 0, int Column = 0)
{
    public override string ToString() => Kind switch
    {
        QueryKind.Cls => "cls",
        QueryKind.Mean => "mean",
        _ => string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{Row},{Column}"),
    };
}

/// <summary>What an explanation is asked for; validated against the model before it comes here. Layers count from 1, both ends included.</summary>
public sealed record ExplainParameters
{
    public required int FromLayer { get; init; }
    public required int ToLayer { get; init; }
    public HeadFusion HeadFusion { get; init; } = HeadFusion.Mean;
    /// <summary>One head from 1, or null for all.</summary>
    public int? Head { get; init; }
    /// <summary>One map per head instead of fusing them.</summary>
    public bool EachHead { get; init; }
    /// <summary>α in (F + αI), 0…1000.</summary>
    public double Residual { get; init; } = 1;
    /// <summary>ρ, the share of smallest entries of each fused matrix set to zero, 0 ≤ ρ &lt; 1.</summary>
    public double Discard { get; init; }
    public QueryToken Query { get; init; }
    public AlignmentView View { get; init; } = AlignmentView.Cosine;

    /// <summary>True where the mean over heads is not enough and each head's matrix is needed.</summary>
    public bool NeedsHeads => EachHead || Head is not null || HeadFusion != HeadFusion.Mean;
}
