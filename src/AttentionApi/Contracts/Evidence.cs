using AttentionApi.Core.Parameters;

namespace AttentionApi.Contracts;

/// <summary>How well the target's map explains the answer: what the model says while patches are hidden, or shown, in the map's order.</summary>
/// <param name="Target">The label.</param>
/// <param name="Quantity">What the curves measure: score (of the class, among all classes) or cosine (of picture and label).</param>
/// <param name="Steps">Parts in which the patches were hidden.</param>
/// <param name="Shares">Of the patches, at the points of the curves; from 0 to 1.</param>
/// <param name="Deletion">The strongest patches are hidden first: low is good.</param>
/// <param name="Insertion">The strongest patches are shown first, on an empty picture: high is good.</param>
/// <param name="Random">Mean of the random orders.</param>
/// <param name="Score">Insertion area minus deletion area.</param>
/// <param name="BetterThanRandom">Random orders with a lower score.</param>
/// <param name="Verdict">Where the score stands, in words.</param>
/// <param name="Runs">Runs of the vision model that the numbers came from; those that were known already did not run again.</param>
public sealed record Evidence(
    string Target, string Quantity, int Steps, IReadOnlyList<double> Shares, EvidenceCurve Deletion, EvidenceCurve Insertion, RandomEvidence Random,
    double Score, int BetterThanRandom, string Verdict, int Runs)
{
    internal static Evidence From(Core.Explain.Evidence evidence) => new(
        evidence.Target, evidence.Quantity.Word(), evidence.Steps, evidence.Shares,
        EvidenceCurve.From(evidence.Deletion), EvidenceCurve.From(evidence.Insertion), RandomEvidence.From(evidence),
        evidence.Score, evidence.BetterThanRandom, evidence.Verdict, evidence.Runs);
}

/// <summary>A curve and the area under it.</summary>
/// <param name="Area">By the trapezoid rule.</param>
/// <param name="Curve">One value a share.</param>
public sealed record EvidenceCurve(double Area, IReadOnlyList<double> Curve)
{
    internal static EvidenceCurve From(Core.Explain.Curve curve) => new(curve.Area, curve.Values);
}

/// <summary>The mean of orders that know nothing of the picture.</summary>
/// <param name="Orders">How many.</param>
/// <param name="Deletion">Mean curve.</param>
/// <param name="Insertion">Mean curve.</param>
/// <param name="Score">Insertion area minus deletion area.</param>
public sealed record RandomEvidence(int Orders, EvidenceCurve Deletion, EvidenceCurve Insertion, double Score)
{
    internal static RandomEvidence From(Core.Explain.Evidence evidence)
    {
        var (deletion, insertion) = (evidence.RandomDeletion, evidence.RandomInsertion);
        return new(evidence.RandomOrders.Count, EvidenceCurve.From(deletion), EvidenceCurve.From(insertion), insertion.Area - deletion.Area);
    }
}
