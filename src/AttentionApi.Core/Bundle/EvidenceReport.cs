using System.Globalization;
using System.Net;
using System.Text;
using AttentionApi.Core.Analysis.Kernels;
using AttentionApi.Core.Explain;
using AttentionApi.Core.Imaging;
using AttentionApi.Core.Rendering.Formats;
using AttentionApi.Core.Rendering.Layout;

namespace AttentionApi.Core.Bundle;

/// <summary>The explanation as one HTML file that needs no other: for the screen in light and dark, and for paper.</summary>
internal static class EvidenceReport
{
    public const string Name = "report.html";

    private const int LargeEdge = 960;
    private const int SmallEdge = 320;

    /// <summary>Maps shown; the others are in the bundle's folder.</summary>
    private const int MostMaps = 16;

    private const string Head = """
        <!doctype html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
        <title>Evidence</title>
        <style>
        :root { color-scheme: light dark; --muted: light-dark(#5b5e66, #a0a4ae); --line: light-dark(#dddcd6, #3a3e46); --own: light-dark(#3d43c4,
            #aab0ff); --other: light-dark(#85878d, #8f949e); }
        body { font: 1rem/1.5 system-ui, sans-serif; max-width: 62rem; margin: 2rem auto; padding: 0 1.25rem; }
        h1 { font-size: 1.6rem; line-height: 1.25; margin: 0 0 .25rem; }
        h2 { font-size: 1.1rem; margin: 2rem 0 .5rem; border-top: 1px solid var(--line); padding-top: 1rem; }
        .muted { color: var(--muted); }
        section { break-inside: avoid-page; }
        .pair { display: grid; gap: 1rem; grid-template-columns: repeat(auto-fit, minmax(min(22rem, 100%), 1fr)); align-items: start; }
        .orders { grid-template-columns: repeat(auto-fit, minmax(min(16rem, 100%), 1fr)); }
        .maps { display: grid; gap: 1rem; grid-template-columns: repeat(auto-fill, minmax(min(12rem, 45%), 1fr)); }
        figure { margin: 0; break-inside: avoid; }
        img, svg { display: block; width: 100%; height: auto; }
        figcaption { font-size: .875rem; color: var(--muted); margin-top: .35rem; overflow-wrap: anywhere; }
        table { border-collapse: collapse; width: 100%; font-size: .9375rem; }
        th, td { text-align: left; vertical-align: top; padding: .3rem 1rem .3rem 0; border-bottom: 1px solid var(--line); overflow-wrap: anywhere; }
        th { font-weight: 600; overflow-wrap: normal; }
        .made th { white-space: nowrap; }
        td.number, th.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
        svg text { font: 12px system-ui, sans-serif; fill: currentColor; }
        .axis { stroke: var(--line); } .own { stroke: var(--own); } .other { stroke: var(--other); stroke-dasharray: 5 4; }
        polyline { fill: none; stroke-width: 2; stroke-linejoin: round; }
        @media (max-width: 36rem) { .made :is(th, td) { display: block; } .made th { border: 0; padding-bottom: 0; } }
        @page { margin: 16mm; }
        @media print {
          :root { color-scheme: light; font-size: 10pt; }
          body { margin: 0; max-width: none; }
          h1 { font-size: 1.4rem; }
          h2 { break-after: avoid; }
          tr { break-inside: avoid; }
          .pair { grid-template-columns: 1fr 1fr; }
          .orders { grid-template-columns: 1fr 1fr 1fr; }
          .maps { grid-template-columns: repeat(4, 1fr); }
        }
        </style>
        </head>
        <body>
        <main>

        """;

    public static byte[] Of(Explanation explanation, MapSet set, MapPictures pictures)
    {
        var html = new StringBuilder(Head);
        var (plan, method) = (explanation.Plan, explanation.Plan.Method.Info);
        html.Append(CultureInfo.InvariantCulture,
            $"<h1>{Text(Title(explanation))}</h1>\n<p>{Text(method.Shows)} <span class=\"muted\">{Text(method.ShowsNot)}</span></p>\n");
        html.Append("<div class=\"pair\">\n");
        html.Append(Figure(pictures.Plain(LargeEdge), "The picture", "The picture as it was received, upright."));
        html.Append(Shown(explanation, set, pictures));
        html.Append("</div>\n");
        Predictions(html, explanation);
        if (set.Evidence is { } evidence) Evidence(html, evidence, set.Maps.Last(explanation.IsShown), pictures);
        Maps(html, explanation, set, pictures);
        Section(html, "What a careful reader must know", Warnings(explanation, set).Select(warning => $"<p>{Text(warning)}</p>\n"));
        Section(html, "How it was made", [Table(["", ""], Made(explanation).Select(row => (string[])[row.Name, row.Value]), numbers: false)]);
        html.Append("<p class=\"muted\">The other files of this bundle hold the picture as it was received, every map as numbers and as a picture, and "
            + "in manifest.json the SHA-256 of each part. "
            + "The command <code>evidence verify</code> makes the bundle again and compares.</p>\n</main>\n</body>\n</html>\n");
        return Encoding.UTF8.GetBytes(html.ToString());
    }

    /// <summary>Everything that a careful reader must know, once.</summary>
    public static IReadOnlyList<string> Warnings(Explanation explanation, MapSet set) =>
        [.. explanation.Warnings.Concat(set.Warnings).Concat(explanation.FlatWarning(set.Maps)).Distinct()];

    private static string Title(Explanation explanation)
    {
        var (method, target) = (explanation.Plan.Method.Info, explanation.Scoring.Target);
        return method.Labels == LabelUse.Unused || target is null ? $"{method.Title} by {explanation.Plan.Model.Id}"
            : $"{method.Title} of “{target}”{ClassName(explanation, target)} by {explanation.Plan.Model.Id}";
    }

    /// <summary>What a class that is asked for by its number, or by a synonym, is called.</summary>
    private static string ClassName(Explanation explanation, string target)
    {
        var asked = explanation.Scoring.Targets.FirstOrDefault(label => label.Label == target)?.Class;
        return asked is { } index && explanation.Plan.Model.ClassNames is { } names && names[index] != target ? $" ({names[index]})" : "";
    }

    /// <summary>What a single picture of the explanation would show; the legend says what it is, or a caption where there is none.</summary>
    private static string Shown(Explanation explanation, MapSet set, MapPictures pictures)
    {
        if (set.Features is [var colors, ..]) return Captioned(pictures.Draw(colors, LargeEdge), Captions.Of(explanation, colors));
        if (set.Table is { } table) return Captioned(pictures.Draw(table), Captions.Of(explanation, table));
        return set.Maps.LastOrDefault(explanation.IsShown) is { } map
            ? Captioned(pictures.Draw(map, LargeEdge, alone: true), Captions.Of(explanation, map)) : "";

        string Captioned(Raster picture, Caption caption) => Figure(picture, caption.Says!.Sentence,
            explanation.Plan.Values.Get(PictureParameters.Legend) ? null : $"{caption.Says.Sentence} {caption.OneLine}");
    }

    private static void Predictions(StringBuilder html, Explanation explanation)
    {
        if (explanation.Scoring.Predictions.Count == 0) return;
        var rows = explanation.Scoring.Predictions.Select(one => (string[])[one.Label, Number(one.Score), Number(one.Logit)]);
        Section(html, "What the model says", [Table(["Label", "Score", "Logit"], rows, numbers: true)]);
    }

    private static void Evidence(StringBuilder html, Evidence evidence, Heatmap map, MapPictures pictures)
    {
        var quantity = evidence.Quantity == EvidenceQuantity.Cosine ? "cosine of picture and label" : "score of the class";
        Section(html, "How well the map explains the answer",
        [
            string.Create(CultureInfo.InvariantCulture,
                $"<p>Insertion − deletion {evidence.Score:0.000}: {Text(evidence.Verdict)}. The curves show the {quantity} “{Text(evidence.Target)}” "),
            "while patches are hidden under the mean colour, or shown, in the order of the map; dashed the mean of random orders.</p>\n",
            "<div class=\"pair orders\">\n",
            Figure(pictures.Draw(Ranked(map), SmallEdge, legend: false), "The patches by their rank",
                "The order: bright patches are the strongest, whatever their values."),
            ReportChart.Of("Deletion: the strongest patches are hidden first. Low is good.", evidence.Shares, evidence.Deletion, evidence.RandomDeletion),
            ReportChart.Of("Insertion: the strongest patches are shown first. High is good.", evidence.Shares, evidence.Insertion, evidence.RandomInsertion),
            "</div>\n",
        ]);
    }

    /// <summary>A few patches that stand far above the rest leave a map pale; its order shows what the curves follow.</summary>
    private static Heatmap Ranked(Heatmap map) =>
        map with { Label = null, Signed = false, Values = [.. RankCorrelation.Ranks(map.Values).Select(rank => (float)rank)] };

    private static void Maps(StringBuilder html, Explanation explanation, MapSet set, MapPictures pictures)
    {
        if (set.Maps.Count < 2) return;
        var shown = set.Maps.TakeLast(MostMaps).ToList();
        var title = shown.Count < set.Maps.Count ? $"The last {shown.Count} of {set.Maps.Count} maps" : "All maps";
        Section(html, shown.Any(map => map.Label is not null) ? $"{title}; labels share a scale" : title,
        [
            "<div class=\"maps\">\n",
            .. shown.Select(map => (Map: map, Caption: Captions.Of(explanation, map).OneLine))
                .Select(map => Figure(pictures.Draw(map.Map, SmallEdge, legend: false), map.Caption, map.Caption)),
            "</div>\n",
        ]);
    }

    private static IEnumerable<(string Name, string Value)> Made(Explanation explanation)
    {
        var (plan, inspection) = (explanation.Plan, explanation.Inspection);
        var (model, seen) = (plan.Model, inspection.Analysis.Seen);
        yield return ("Method", $"{plan.Method.Info.Title}. {plan.Method.Info.Paper}");
        yield return ("Parameters", string.Join(", ",
            ParameterEcho.Of(explanation).Where(one => one.Value is not null)
                .Select(one => $"{one.Key} = {one.Value!.ToJsonString(ParameterEcho.Json)}")));
        yield return ("Model", $"{model.Id} ({model.Family}, {model.Precision}), {model.Layers} layers of {model.Heads} heads, "
            + $"{model.Tokens.Grid.Rows} × {model.Tokens.Grid.Columns} patches");
        yield return ("Model, SHA-256", model.Sha256);
        yield return ("Picture, SHA-256", inspection.Picture.Sha256);
        yield return ("Seen by the model", string.Create(CultureInfo.InvariantCulture,
            $"x {seen.X:0.##}, y {seen.Y:0.##}, {seen.Width:0.##} × {seen.Height:0.##} of {inspection.Analysis.Size.Width} × "
                + $"{inspection.Analysis.Size.Height} pixels"));
        yield return ("Versions", string.Join(", ", BundleVersions.All(model).Select(one => $"{one.Key} {one.Value}")));
    }

    private static void Section(StringBuilder html, string title, IEnumerable<string> parts)
    {
        var content = string.Concat(parts);
        if (content.Length > 0) html.Append(CultureInfo.InvariantCulture, $"<section>\n<h2>{Text(title)}</h2>\n{content}</section>\n");
    }

    private static string Table(string[] head, IEnumerable<string[]> rows, bool numbers)
    {
        string Cell(string tag, string text, int column) => $"<{tag}{(numbers && column > 0 ? " class=\"number\"" : "")}>{Text(text)}</{tag}>";
        string Row(string[] row, string first) => $"<tr>{string.Concat(row.Select((cell, column) => Cell(column == 0 ? first : "td", cell, column)))}</tr>\n";
        var named = head.Any(cell => cell.Length > 0);
        var top = named ? $"<tr>{string.Concat(head.Select((cell, column) => Cell("th", cell, column)))}</tr>\n" : "";
        return $"<table{(named ? "" : " class=\"made\"")}>\n{top}{string.Concat(rows.Select(row => Row(row, numbers ? "td" : "th")))}</table>\n";
    }

    private static string Figure(Raster picture, string alternative, string? caption)
    {
        var file = Convert.ToBase64String(ImageEncoder.Encode(picture, PictureFormat.Jpeg));
        var words = caption is null ? "" : $"<figcaption>{Text(caption)}</figcaption>";
        var size = string.Create(CultureInfo.InvariantCulture, $"width=\"{picture.Width}\" height=\"{picture.Height}\"");
        return $"<figure><img alt=\"{Text(alternative)}\" {size} src=\"data:image/jpeg;base64,{file}\">{words}</figure>\n";
    }

    private static string Number(float number) => number.ToString("0.####", CultureInfo.InvariantCulture);

    private static string Text(string text) => WebUtility.HtmlEncode(text);
}
