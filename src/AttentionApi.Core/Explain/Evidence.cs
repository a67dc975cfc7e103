namespace AttentionApi.Core.Explain;

/// <summary>How well a map explains a label: what the model answers while patches are hidden or shown in the map's order, against random orders.</summary>
/// <param name="Target">The label.</param>
/// <param name="Quantity">What the curves measure: the class's score (softmax or sigmoid), or the cosine of picture and label.</param>
/// <param name="Shares">Shares of the patches taken away or put back at the points of every curve, from 0 to 1.</param>
/// <param name="Deletion">The strongest patches are hidden first: low is good.</param>
/// <param name="Insertion">The strongest patches are shown first, on an empty picture: high is good.</param>
/// <param name="RandomOrders">The same for orders that know nothing of the picture, always the same ones.</param>
public sealed record Evidence(
    string Target, EvidenceQuantity Quantity, IReadOnlyList<double> Shares, Curve Deletion, Curve Insertion,
    IReadOnlyList<(Curve Deletion, Curve Insertion)> RandomOrders)
{
    /// <summary>Parts of the picture taken away one after the other.</summary>
    public int Steps => Shares.Count - 1;

    /// <summary>Insertion area − deletion area: above that of random orders, the map found patches that the answer rests on.</summary>
    public double Score => Insertion.Area - Deletion.Area;

    /// <summary>Mean of the random orders at each point.</summary>
    public Curve RandomDeletion => Curve.Mean(RandomOrders.Select(order => order.Deletion), Shares);

    /// <inheritdoc cref="RandomDeletion"/>
    public Curve RandomInsertion => Curve.Mean(RandomOrders.Select(order => order.Insertion), Shares);

    /// <summary>Random orders with a lower score.</summary>
    public int BetterThanRandom => RandomOrders.Count(order => Score > order.Insertion.Area - order.Deletion.Area);

    /// <summary>Where the score stands, for people.</summary>
    public string Verdict => BetterThanRandom == 0
        ? $"no better than any of {RandomOrders.Count} random orders"
        : $"better than {BetterThanRandom} of {RandomOrders.Count} random orders";

    /// <summary>Runs of the vision model that the numbers came from, those included that were known already.</summary>
    public int Runs { get; init; }
}

/// <summary>What is measured while patches are hidden.</summary>
public enum EvidenceQuantity
{
    /// <summary>Softmax over the classes, or sigmoid of the class, as the model's scores are.</summary>
    Score,
    /// <summary>Of the embeddings of picture and label.</summary>
    Cosine,
}

/// <summary>A quantity over shares of the patches.</summary>
/// <param name="Values">One a share.</param>
/// <param name="Area">Under the curve, by the trapezoid rule.</param>
public sealed record Curve(IReadOnlyList<double> Values, double Area)
{
    internal static Curve Of(IReadOnlyList<double> values, IReadOnlyList<double> shares) =>
        new(values, Enumerable.Range(1, values.Count - 1).Sum(i => (shares[i] - shares[i - 1]) * (values[i] + values[i - 1]) / 2));

    internal static Curve Mean(IEnumerable<Curve> curves, IReadOnlyList<double> shares)
    {
        var all = curves.ToList();
        return Of([.. shares.Select((_, i) => all.Average(curve => curve.Values[i]))], shares);
    }
}
