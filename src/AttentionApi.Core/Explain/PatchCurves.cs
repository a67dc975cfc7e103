using AttentionApi.Core.Analysis;
using AttentionApi.Core.Analysis.Masking;
using AttentionApi.Core.Loading;
using AttentionApi.Core.Loading.Probing;
using AttentionApi.Core.Scoring;

namespace AttentionApi.Core.Explain;

/// <summary>
/// Deletion and insertion curves (Petsiuk, Das and Saenko 2018, RISE) at patch level, in the frame of the model's input: patches are set to the mean colour
/// in an order, or put into a picture of that colour (docs/methods.md C.20). Every answer is remembered with the picture, so the random
/// orders run once for all methods and labels.
/// </summary>
internal static class PatchCurves
{
    public const int RandomOrders = 5;

    private const PatchFill Fill = PatchFill.Mean;

    /// <summary>Most runs that <see cref="EvidenceAsync"/> causes.</summary>
    /// <param name="patches">Of the grid.</param>
    /// <param name="steps">Asked for; a step takes one patch at least.</param>
    public static int Runs(int patches, int steps) => Curves * ((1 + RandomOrders) * (Math.Min(steps, patches) - 1) + 1);

    /// <summary>Of each order. Both end at the whole picture and the empty one, which all orders share.</summary>
    private const int Curves = 2;

    /// <summary>How well a map explains a label.</summary>
    /// <param name="inspection">The picture before the model.</param>
    /// <param name="map">Patches by descending value; equals in their order.</param>
    /// <param name="target">The label.</param>
    /// <param name="steps">Points of a curve after its first; at most one a patch.</param>
    /// <param name="cancellation">Ends the runs.</param>
    public static async Task<Evidence> EvidenceAsync(Inspection inspection, Heatmap map, LabelTarget target, int steps, CancellationToken cancellation)
    {
        var patches = inspection.Tokens.Grid.Count;
        int[][] orders =
            [Order(map.Values), .. Enumerable.Range(1, RandomOrders).Select(seed => new SeededRandom((ulong)seed).Order(patches))];
        var curves = await CurvesAsync(inspection, orders, target, steps, cancellation).ConfigureAwait(false);
        var quantity = target.Class is null ? EvidenceQuantity.Cosine : EvidenceQuantity.Score;
        var (deletion, insertion) = curves[0];
        return new(target.Label, quantity, Shares(patches, steps), deletion, insertion, [.. curves.Skip(1)]) { Runs = Runs(patches, steps) };
    }

    /// <summary>Both curves of each order of the patches.</summary>
    public static async Task<IReadOnlyList<(Curve Deletion, Curve Insertion)>> CurvesAsync(
        Inspection inspection, IReadOnlyList<int[]> orders, LabelTarget target, int steps, CancellationToken cancellation)
    {
        var patches = inspection.Tokens.Grid.Count;
        var shares = Shares(patches, steps);
        int[] counts = [.. shares.Select(share => (int)Math.Round(share * patches))];
        var shown = orders.SelectMany(order => Deletion(order).Concat(Insertion(order))).ToList();
        // The whole picture is run again among them: what other runs gave may differ in its last digits, and the same call must give the same numbers.
        var answers = await inspection.MaskedAsync(shown, Fill, cancellation).ConfigureAwait(false);
        double[] values = [.. answers.Select(answer => Judge(inspection.Model, target, answer))];
        Curve Take(int curve) => Curve.Of(values[(curve * counts.Length)..((curve + 1) * counts.Length)], shares);
        return [.. orders.Select((_, order) => (Take(2 * order), Take(2 * order + 1)))];

        IEnumerable<PatchSubset> Deletion(int[] order) => counts.Select(count => new PatchSubset(patches, order.Skip(count)));
        IEnumerable<PatchSubset> Insertion(int[] order) => counts.Select(count => new PatchSubset(patches, order.Take(count)));
    }

    /// <summary>The cosine of picture and label, or the class's score among all classes.</summary>
    /// <param name="model">Says how scores come from logits.</param>
    /// <param name="target">The label.</param>
    /// <param name="answer">Unit image embedding, or class logits.</param>
    public static double Judge(ModelFacts model, LabelTarget target, float[] answer) =>
        target.Class is { } index ? ScoreFunctions.Apply(model.Scores, answer)[index] : target.Compare(answer);

    /// <summary>Patches by descending value; equals in their order.</summary>
    public static int[] Order(float[] values) => [.. Enumerable.Range(0, values.Length).OrderByDescending(patch => values[patch])];

    /// <summary>Whole patches alone can be hidden, so steps are equal only where their number divides that of the patches.</summary>
    private static double[] Shares(int patches, int steps)
    {
        steps = Math.Min(steps, patches);
        return [.. Enumerable.Range(0, steps + 1).Select(step => (double)(step * patches / steps) / patches)];
    }
}
