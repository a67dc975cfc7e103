using AttentionApi.Core.Analysis;
using AttentionApi.Core.Explain;
using AttentionApi.Core.Parameters;

namespace AttentionApi.Shared;

/// <summary>A method that exists in tests only: label-dependent, with a parameter of its own, a series and a score. One line registers it.</summary>
internal sealed class MadeUpMethod : Explainer
{
    public static readonly Parameter<double> Strength = ParameterKinds.Number("strength", 2, 0, 10, "What the similarities are multiplied by.");

    public override MethodInfo Info { get; } = new()
    {
        Name = "madeUp",
        Title = "Made up",
        Shows = "How close each patch is to the label, stronger or weaker.",
        ShowsNot = "It says nothing that alignment does not say.",
        Paper = "Nobody 2026, A Method for Tests",
        Labels = LabelUse.Needed,
        Layers = LayerUse.Each,
        Frames = [FrameMode.Layers],
        Parameters = [SharedParameters.FromLayer, SharedParameters.ToLayer, Strength],
    };

    public override string? WhyNot(AttentionApi.Core.Loading.ModelFacts model) => model.AlignmentMissing;

    public override async Task<MapSet> ExplainAsync(Inspection inspection, ParameterValues parameters, CancellationToken cancellation)
    {
        var similarity = await inspection.SimilarityAsync(cancellation);
        var strength = (float)parameters.Get(Strength);
        var (from, to) = parameters.Layers();
        var layers = Enumerable.Range(from, to - from + 1).ToArray();
        var grid = inspection.Tokens.Grid;
        Heatmap[] maps =
        [
            .. layers.SelectMany(layer => similarity.Labels.Select((target, label) => new Heatmap(
                layer, null, target.Label, false, grid.Rows, grid.Columns, [.. similarity[layer, label].ToArray().Select(value => strength * value)]))),
        ];
        return new(maps)
        {
            Series = [new("peaks", [.. similarity.Labels.Select(target =>
                new SeriesEntry(target.Label, [.. maps.Where(map => map.Label == target.Label).Select(map => map.Maximum)]))])],
            Scores = [.. similarity.Labels.Select(target => new MapScore("peak", target.Label, maps.Last(map => map.Label == target.Label).Maximum))],
        };
    }
}
