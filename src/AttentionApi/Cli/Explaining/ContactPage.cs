using System.Globalization;
using System.Net;
using System.Text;
using AttentionApi.Contracts;

namespace AttentionApi.Cli.Explaining;

/// <summary>The contact sheet as one HTML file that needs no other to be looked at: thumbnails are inside, the files written are linked.</summary>
internal static class ContactPage
{
    private const string Head = """
        <!doctype html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <title>Contact sheet</title>
        <style>
        :root { color-scheme: light dark; font: 15px/1.4 system-ui, sans-serif; }
        body { margin: 1.5rem; }
        h1 { font-size: 1.25rem; margin: 0 0 .25rem; }
        ul { list-style: none; margin: 1.25rem 0; padding: 0; display: grid; gap: 1.25rem; grid-template-columns: repeat(auto-fill, minmax(11rem, 1fr)); }
        figure { margin: 0; }
        img { width: 11rem; height: 11rem; object-fit: contain; background: color-mix(in srgb, currentColor 8%, transparent); display: block; }
        figcaption { margin-top: .35rem; max-width: 11rem; overflow-wrap: anywhere; }
        small { display: block; }
        table { border-collapse: collapse; }
        th, td { text-align: left; vertical-align: top; padding: .25rem 1rem .25rem 0; overflow-wrap: anywhere; }
        </style>
        </head>
        <body>
        <main>

        """;

    /// <param name="target">Gets the page.</param>
    /// <param name="settings">How the pictures were explained, in words.</param>
    /// <param name="pictures">In the order of the inputs; those without thumbnail were skipped.</param>
    public static async Task WriteAsync(TextWriter target, string settings, IReadOnlyList<SheetEntry> pictures)
    {
        var skipped = pictures.Where(one => one.Summary.Error is not null).ToList();
        await target.WriteAsync(Head);
        await target.WriteLineAsync($"<h1>{pictures.Count - skipped.Count} pictures explained</h1>");
        await target.WriteLineAsync($"<p>{Text(settings)}</p>");
        await target.WriteLineAsync("<ul>");
        foreach (var picture in pictures.Where(one => one.Thumbnail is not null)) await target.WriteLineAsync(Figure(picture));
        await target.WriteLineAsync("</ul>");
        if (skipped.Count > 0)
        {
            await target.WriteLineAsync("<h2>Skipped</h2>\n<table>\n<tr><th scope=\"col\">Picture</th><th scope=\"col\">Reason</th></tr>");
            foreach (var (picture, _, _, _, _, error) in skipped.Select(one => one.Summary))
            {
                await target.WriteLineAsync($"<tr><td>{Text(picture)}</td><td>{Text(error!)}</td></tr>");
            }
            await target.WriteLineAsync("</table>");
        }
        await target.WriteLineAsync("</main>\n</body>\n</html>");
    }

    private static string Figure(SheetEntry picture)
    {
        var summary = picture.Summary;
        var links = summary.Files.Select(file => $"<a href=\"{Link(file.Value)}\">{Text(file.Key)}</a>");
        var html = new StringBuilder("<li><figure>");
        html.Append(CultureInfo.InvariantCulture, $"<a href=\"{Link(summary.Files[picture.Shown!])}\"><img alt=\"{Text($"Maps of {picture.Name}")}\" ");
        html.Append(CultureInfo.InvariantCulture, $"loading=\"lazy\" src=\"data:image/jpeg;base64,{Convert.ToBase64String(picture.Thumbnail!)}\"></a>");
        html.Append(CultureInfo.InvariantCulture, $"<figcaption><strong>{Text(picture.Name)}</strong>");
        if (Prediction(summary) is { Length: > 0 } prediction) html.Append(CultureInfo.InvariantCulture, $"<small>{Text(prediction)}</small>");
        return html.Append(CultureInfo.InvariantCulture, $"<small>{string.Join(" · ", links)}</small></figcaption></figure></li>").ToString();
    }

    /// <summary>The best label and its score; empty where there are none.</summary>
    public static string Prediction(PictureSummary summary) =>
        summary.Predictions is [var best, ..] ? string.Create(CultureInfo.InvariantCulture, $"{best.Label} {best.Score:P1}") : "";

    private static string Text(string text) => WebUtility.HtmlEncode(text);

    private static string Link(string file) => Text(string.Join('/', file.Split('/').Select(Uri.EscapeDataString)));
}
