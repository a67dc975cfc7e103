using AttentionApi.Core.Analysis;
using AttentionApi.Core.Analysis.Masking;
using AttentionApi.Core.Loading;
using AttentionApi.Core.Models;
using AttentionApi.Core.Parameters;
using AttentionApi.Core.Scoring;
using static AttentionApi.Core.Explain.SharedParameters;

namespace AttentionApi.Core.Explain.Methods;

/// <summary>
/// How far the label's logit falls when a window of patches is hidden (Zeiler and Fergus 2014; docs/methods.md C.21). It asks nothing of a model but answers.
/// </summary>
internal sealed class Occlusion : Explainer
{
    public static readonly Parameter<int> Window = ParameterKinds.Integer("window", 1, 1, 32,
        "Patches along each side of what is hidden at once. A patch's value is the mean over the windows that hold it.") with
    {
        Title = "Hidden at once, in patches",
        ForModel = (window, model) => window <= Math.Min(model.Rows, model.Columns) ? window
            : throw new FormatException($"window is {window}; the model has {model.Rows} × {model.Columns} patches."),
    };

    public override MethodInfo Info { get; } = new()
    {
        Name = "occlusion",
        Title = "Occlusion",
        Shows = "How far the label's score falls when a patch is hidden: what the answer cannot do without.",
        ShowsNot = "Where two patches say the same, hiding one changes nothing. It takes a run of the model for each patch.",
        Paper = "Zeiler and Fergus 2014, Visualizing and Understanding Convolutional Networks",
        LabelRank = 9,
        Labels = LabelUse.Needed,
        Layers = LayerUse.None,
        NeedsAnswersAlone = true,
        Signed = true,
        Parameters = [Window, AnswersAlone.Fill, Versus],
    };

    public override string? WhyNot(ModelFacts model) => AnswersAlone.WhyNot(model);

    public override (int Count, Parameter? Fewer) ExtraRuns(ModelFacts model, ParameterValues values)
    {
        var (grid, window) = (model.Tokens.Grid, values.Get(Window));
        return ((grid.Rows - window + 1) * (grid.Columns - window + 1), null);
    }

    public override async Task<MapSet> ExplainAsync(Inspection inspection, ParameterValues parameters, CancellationToken cancellation)
    {
        var scoring = await inspection.ScoresAsync(cancellation).ConfigureAwait(false);
        var rival = await parameters.VersusAsync(inspection, cancellation).ConfigureAwait(false);
        var (grid, model) = (inspection.Tokens.Grid, inspection.Model);
        var windows = Windows(grid, parameters.Get(Window));
        var answers = await inspection.MaskedAsync([.. windows.Select(Outside)], parameters.Get(AnswersAlone.Fill), cancellation).ConfigureAwait(false);
        var whole = inspection.Analysis.Activations.Output;
        return new([.. scoring.Targets.Select(target =>
        {
            double[] falls = [.. answers.Select(answer => Logit(target, whole) - Logit(target, answer))];
            return GradientMaps.Map(grid, Mean(windows, falls, grid.Count), model.Layers, target.Label, signed: true);
        })]);

        PatchSubset Outside(int[] window) => new(grid.Count, Enumerable.Range(0, grid.Count).Except(window));
        // What is added to a logit is in both and falls out of the difference.
        double Logit(LabelTarget target, float[] answer) => (model.LogitScale?.Value ?? 1) * ((double)target.Compare(answer) - (rival?.Compare(answer) ?? 0));
    }

    /// <summary>Every place of a window inside the grid, as the patches that it holds.</summary>
    private static List<int[]> Windows(PatchGrid grid, int size) =>
    [
        .. from row in Enumerable.Range(0, grid.Rows - size + 1)
           from column in Enumerable.Range(0, grid.Columns - size + 1)
           select (int[])[.. Enumerable.Range(0, size * size).Select(i => (row + i / size) * grid.Columns + column + i % size)],
    ];

    /// <summary>The mean, at each patch, of the numbers of the windows that hold it.</summary>
    private static double[] Mean(List<int[]> windows, double[] numbers, int patches)
    {
        var (sums, counts) = (new double[patches], new int[patches]);
        foreach (var (window, number) in windows.Zip(numbers))
        {
            foreach (var patch in window) (sums[patch], counts[patch]) = (sums[patch] + number, counts[patch] + 1);
        }
        return [.. sums.Zip(counts, (sum, count) => sum / count)];
    }
}
