using System.Globalization;
using System.Net;
using System.Text;
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
        .pair { display: grid; gap: 1rem; grid-template-columns: repeat(auto-fit, minmax(min(22rem, 100%), 1fr)); align-items: start; }
        .maps { display: grid; gap: 1rem; grid-template-columns: repeat(auto-fill, minmax(min(12rem, 45%), 1fr)); }
        figure { margin: 0; break-inside: avoid; }
        img, svg { display: block; width: 100%; height: auto; }
        figcaption { font-size: .875rem; color: var(--muted); margin-top: .35rem; overflow-wrap: anywhere; }
        table { border-collapse: collapse; width: 100%; font-size: .9375rem; }
        th, td { text-align: left; vertical-align: top; padding: .3rem 1rem .3rem 0; border-bottom: 1px solid var(--line); overflow-wrap: anywhere; }
        th { font-weight: 600; }
        td.number, th.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
        svg text { font: 12px system-ui, sans-serif; fill: currentColor; }
        .axis { stroke: var(--line); } .own { stroke: var(--own); } .other { stroke: var(--other); stroke-dasharray: 5 4; }
        polyline { fill: none; stroke-width: 2; stroke-linejoin: round; }
        @page { margin: 16mm; }
        @media print {
          :root { color-scheme: light; }
          body { margin: 0; max-width: none; font-size: 10pt; }
          h2 { break-after: avoid; }
          tr { break-inside: avoid; }
          .pair { grid-template-columns: 1fr 1fr; }
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
        Figure(html, pictures.Plain(LargeEdge), "The picture", "The picture as it was received, upright.");
        Shown(html, explanation, set, pictures);
        html.Append("</div>\n");
        Predictions(html, explanation);
        if (set.Evidence is { } evidence) Evidence(html, evidence);
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
            : $"{method.Title} of “{target}” by {explanation.Plan.Model.Id}";
    }

    /// <summary>What a single picture of the explanation would show; maps and tables say in their legend what they are.</summary>
    private static void Shown(StringBuilder html, Explanation explanation, MapSet set, MapPictures pictures)
    {
        if (set.Features is [var colours, ..])
            Figure(html, pictures.Draw(colours, LargeEdge), "The map of colours over the picture", "Patches of like colour are alike to the model.");
        else if (set.Table is { } table) Figure(html, pictures.Draw(table), "A table of layers and heads", Words(table));
        else if (set.Maps.LastOrDefault(explanation.IsShown) is { } map) Figure(html, pictures.Draw(map, LargeEdge), "The map over the picture", Words(map));

        string? Words(Heatmap map) => explanation.Plan.Values.Get(PictureParameters.Legend) ? null : Captions.Of(explanation, map).OneLine;
    }

    private static void Predictions(StringBuilder html, Explanation explanation)
    {
        if (explanation.Scoring.Predictions.Count == 0) return;
        var rows = explanation.Scoring.Predictions.Select(one => (string[])[one.Label, Number(one.Score), Number(one.Logit)]);
        Section(html, "What the model says", [Table(["Label", "Score", "Logit"], rows, numbers: true)]);
    }

    private static void Evidence(StringBuilder html, Evidence evidence)
    {
        var quantity = evidence.Quantity == EvidenceQuantity.Cosine ? "cosine of picture and label" : "score of the class";
        Section(html, "How well the map explains the answer",
        [
            string.Create(CultureInfo.InvariantCulture,
                $"<p>Insertion − deletion {evidence.Score:0.000}: {Text(evidence.Verdict)}. The curves show the {quantity} “{Text(evidence.Target)}” "),
            "while patches are hidden under the mean colour, or shown, in the order of the map; dashed the mean of random orders.</p>\n<div class=\"pair\">\n",
            ReportChart.Of("Deletion: the strongest patches are hidden first. Low is good.", evidence.Shares, evidence.Deletion, evidence.RandomDeletion),
            ReportChart.Of("Insertion: the strongest patches are shown first. High is good.", evidence.Shares, evidence.Insertion, evidence.RandomInsertion),
            "</div>\n",
        ]);
    }

    private static void Maps(StringBuilder html, Explanation explanation, MapSet set, MapPictures pictures)
    {
        if (set.Maps.Count < 2) return;
        var shown = set.Maps.TakeLast(MostMaps).ToList();
        Section(html, shown.Count < set.Maps.Count ? $"The last {shown.Count} of {set.Maps.Count} maps" : "All maps", ["<div class=\"maps\">\n"]);
        foreach (var map in shown)
        {
            var caption = Captions.Of(explanation, map).OneLine;
            Figure(html, pictures.Draw(map, SmallEdge, legend: false), caption, caption);
        }
        html.Append("</div>\n");
    }

    private static IEnumerable<(string Name, string Value)> Made(Explanation explanation)
    {
        var (plan, inspection) = (explanation.Plan, explanation.Inspection);
        var (model, seen) = (plan.Model, inspection.Analysis.Seen);
        yield return ("Method", $"{plan.Method.Info.Title}. {plan.Method.Info.Paper}");
        yield return ("Parameters", string.Join(", ",
            ParameterEcho.Of(explanation).Select(one => $"{one.Key} = {one.Value?.ToJsonString(ParameterEcho.Json)}")));
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
        if (content.Length > 0) html.Append(CultureInfo.InvariantCulture, $"<h2>{Text(title)}</h2>\n{content}");
    }

    private static string Table(string[] head, IEnumerable<string[]> rows, bool numbers)
    {
        string Cell(string tag, string text, int column) => $"<{tag}{(numbers && column > 0 ? " class=\"number\"" : "")}>{Text(text)}</{tag}>";
        string Row(string[] row, string first) => $"<tr>{string.Concat(row.Select((cell, column) => Cell(column == 0 ? first : "td", cell, column)))}</tr>\n";
        var named = head.Any(cell => cell.Length > 0);
        var top = named ? $"<tr>{string.Concat(head.Select((cell, column) => Cell("th", cell, column)))}</tr>\n" : "";
        return $"<table>\n{top}{string.Concat(rows.Select(row => Row(row, numbers ? "td" : "th")))}</table>\n";
    }

    private static void Figure(StringBuilder html, Raster picture, string alternative, string? caption)
    {
        var file = Convert.ToBase64String(ImageEncoder.Encode(picture, PictureFormat.Jpeg));
        html.Append(CultureInfo.InvariantCulture,
            $"<figure><img alt=\"{Text(alternative)}\" width=\"{picture.Width}\" height=\"{picture.Height}\" src=\"data:image/jpeg;base64,");
        html.Append(file).Append("\">");
        if (caption is not null) html.Append(CultureInfo.InvariantCulture, $"<figcaption>{Text(caption)}</figcaption>");
        html.Append("</figure>\n");
    }

    private static string Number(float number) => number.ToString("0.####", CultureInfo.InvariantCulture);

    private static string Text(string text) => WebUtility.HtmlEncode(text);
}
