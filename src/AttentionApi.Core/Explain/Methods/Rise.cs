using AttentionApi.Core.Analysis;
using AttentionApi.Core.Analysis.Masking;
using AttentionApi.Core.Loading;
using AttentionApi.Core.Parameters;

namespace AttentionApi.Core.Explain.Methods;

/// <summary>
/// RISE (Petsiuk, Das and Saenko, BMVC 2018, arXiv 1806.07421) with masks of whole patches: the mean, at each patch, of the scores of random parts of the
/// picture that show it (docs/methods.md C.22). It asks nothing of a model but answers.
/// </summary>
internal sealed class Rise : Explainer
{
    public static readonly Parameter<int> Masks = ParameterKinds.Integer("masks", 256, 16, 10_000,
        "Random parts of the picture that the model is asked about: more give a calmer map.") with { Title = "Number of random tries" };

    public static readonly Parameter<double> Keep = ParameterKinds.Number("keep", 0.5, 0.05, 0.95, "Share of the patches that a part shows, on average.")
        with { Title = "Share shown each time" };

    public static readonly Parameter<int> Seed = ParameterKinds.Integer("seed", 0, 0, int.MaxValue,
        "Seed of the random masks: the same seed gives the same map.") with { Title = "Random seed" };

    public override MethodInfo Info { get; } = new()
    {
        Name = "rise",
        Title = "RISE",
        Shows = "How high the label scores in random parts of the picture that show a patch, on average.",
        ShowsNot = "It rests on chance: patches differ a little from seed to seed, and small differences mean nothing.",
        Paper = "Petsiuk, Das and Saenko 2018, RISE: Randomized Input Sampling for Explanation of Black-box Models",
        LabelRank = 10,
        Words = new("What {model} has to see for “{label}”: with {high} patches in sight it scores highest.", "lower score", "higher score"),
        Labels = LabelUse.Needed,
        Layers = LayerUse.None,
        NeedsAnswersAlone = true,
        Parameters = [Masks, Keep, Seed, AnswersAlone.Fill],
    };

    public override string? WhyNot(ModelFacts model) => AnswersAlone.WhyNot(model);

    public override (int Count, Parameter? Fewer) ExtraRuns(ModelFacts model, ParameterValues values) => (values.Get(Masks), Masks);

    public override async Task<MapSet> ExplainAsync(Inspection inspection, ParameterValues parameters, CancellationToken cancellation)
    {
        var scoring = await inspection.ScoresAsync(cancellation).ConfigureAwait(false);
        var grid = inspection.Tokens.Grid;
        var random = new SeededRandom((ulong)parameters.Get(Seed));
        var keep = parameters.Get(Keep);
        bool[] Mask(int _) => [.. Enumerable.Range(0, grid.Count).Select(_ => random.Next() < keep)];
        var masks = Enumerable.Range(0, parameters.Get(Masks)).Select(Mask).ToList();
        var answers = await inspection.MaskedAsync([.. masks.Select(PatchSubset.Where)], parameters.Get(AnswersAlone.Fill), cancellation).ConfigureAwait(false);
        return new([.. scoring.Targets.Select(target =>
        {
            double[] scores = [.. answers.Select(answer => PatchCurves.Judge(inspection.Model, target, answer))];
            return GradientMaps.Map(grid, Means(masks, scores), inspection.Model.Layers, target.Label, signed: false);
        })]);
    }

    /// <summary>The mean, at each patch, of the scores of the masks that show it; a patch that none shows has the mean of all.</summary>
    /// <param name="masks">True where a patch is shown.</param>
    /// <param name="scores">One a mask.</param>
    public static double[] Means(IReadOnlyList<bool[]> masks, IReadOnlyList<double> scores) =>
        [.. Enumerable.Range(0, masks[0].Length).Select(patch => scores.Where((_, mask) => masks[mask][patch]).DefaultIfEmpty(scores.Average()).Average())];
}
