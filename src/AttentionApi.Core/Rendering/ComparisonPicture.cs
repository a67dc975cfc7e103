using AttentionApi.Core.Diagnostics;
using AttentionApi.Core.Explain;
using AttentionApi.Core.Imaging;
using AttentionApi.Core.Models;
using AttentionApi.Core.Parameters;
using AttentionApi.Core.Rendering.Formats;
using AttentionApi.Core.Rendering.Layout;
using AttentionApi.Core.Rendering.Painting;

namespace AttentionApi.Core.Rendering;

/// <summary>
/// The maps of a comparison side by side in one picture, with their mean, their spread and, of two, where each is higher; each has its own scale, for their
/// units differ. Below them stand rank correlations and scores.
/// </summary>
internal static class ComparisonPicture
{
    private const int CellEdge = 224;
    private static readonly PictureStyle Style = new(Scaling.Percentile, legend: true, SizeChoice.LongerEdge(CellEdge));

    /// <summary>How it may be drawn.</summary>
    public static IReadOnlyList<Parameter> Parameters { get; } = Style.Parameters;

    /// <summary>The size of a cell, known before anything is drawn.</summary>
    internal static PixelSize Measure(ExplanationPlan plan, PixelSize picture) => Backdrop.Measure(picture, Style.For(plan).Size);

    /// <exception cref="PictureTooLargeException">More pixels than a picture may have.</exception>
    public static EncodedPicture Draw(Comparison comparison, PictureFormat format, CancellationToken cancellation)
    {
        var explanation = comparison.Entries[0].Explanation;
        var inspection = explanation.Inspection;
        var picture = inspection.Picture.Decode(inspection.Timings, cancellation);
        using var _ = inspection.Timings.Measure(Stages.Render);
        var byModel = comparison.Entries.Select(entry => entry.Explanation.Plan.Model.Id).Distinct().Count() > 1;
        string[] names = [.. comparison.Entries.Select((entry, index) => $"{index + 1} {Title(entry.Explanation.Plan, byModel)}")];
        Panel[] panels =
        [
            .. comparison.Maps.Zip(names, (map, name) => new Panel(ForAlone(map), new Caption(name))),
            new(comparison.Mean, new Caption("mean of the ranks")), new(comparison.Spread, new Caption("spread of the ranks")),
            .. Differences(comparison),
        ];
        var style = Style.For(explanation.Plan);
        var sheet = new PanelSheet(picture, inspection.Analysis.Seen, [new Frame(Legend(comparison, byModel), panels)], style);
        var cell = Backdrop.Measure(new(picture.Width, picture.Height), style.Size);
        var scored = names.Zip(comparison.Entries, (name, entry) => (name, entry.Set.Evidence?.Score)).ToList();
        var table = style.Legend ? new CorrelationTable(sheet.Width, cell.Width, scored, comparison.Correlation) : null;
        var raster = Raster.Uninitialized(sheet.Width, sheet.Height + (table?.Height ?? 0));
        sheet.Draw(0, raster);
        table?.Draw(raster, sheet.Height);
        var metadata = Style.Metadata(explanation, signed: false, (PictureParameters.Format, format.Word()));
        return new(ImageEncoder.Encode(raster, format, metadata), [.. comparison.Warnings, .. sheet.Warnings]);
    }

    /// <summary>
    /// One bar of colours holds for all panels, so of signed maps what speaks against the label is drawn as nothing. Maps of labels would share a scale; those
    /// of methods must not.
    /// </summary>
    private static Heatmap ForAlone(Heatmap map) => map with
    {
        Label = null, Signed = false, Values = map.Signed ? [.. map.Values.Select(value => Math.Max(0, value))] : map.Values,
    };

    /// <summary>Of two maps, each divided by its largest magnitude: where either is higher than the other.</summary>
    private static IEnumerable<Panel> Differences(Comparison comparison)
    {
        if (comparison.Difference is not { } difference) yield break;
        yield return new(ForAlone(difference with { Values = [.. difference.Values.Select(value => -value)] }), new Caption("1 higher than 2"));
        yield return new(ForAlone(difference), new Caption("2 higher than 1"));
    }

    private static string Title(ExplanationPlan plan, bool byModel) => byModel ? plan.Model.Id : plan.Method.Info.Title;

    private static Caption Legend(Comparison comparison, bool byModel)
    {
        var explanation = comparison.Entries[0].Explanation;
        var (plan, target) = (explanation.Plan, explanation.Scoring.Target);
        var caption = new Caption(byModel ? plan.Method.Info.Title : plan.Model.Id, target);
        var style = Style.For(plan);
        var (high, _) = ColormapTables.EndsInWords(style.Colormap ?? ColormapTables.DefaultFor(signed: false));
        var own = style.Scaling is Scaling.Percentile or Scaling.Minmax ? " of each map" : "";
        var label = caption.DrawableLabel is { } drawable ? $" for “{drawable}”" : "";
        var sentence = $"The same picture explained by {comparison.Entries.Count} {(byModel ? "models" : "methods")}{label}: {high} patches are the highest"
            + $"{own}.";
        return caption with { Says = new(sentence, "", "") };
    }
}
