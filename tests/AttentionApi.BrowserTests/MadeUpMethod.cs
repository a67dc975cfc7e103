using System.Collections.Specialized;
using System.Globalization;
using System.Text.Json.Nodes;
using System.Web;
using Microsoft.Playwright;

namespace AttentionApi.BrowserTests;

/// <summary>
/// A method that no file of the page knows, as a server would declare and answer it: needs labels, has a parameter of its own, a series and scores. Its map
/// rises along the rows by <c>strength</c> a row, and ends at <c>toLayer</c>; every label but the first has it negative.
/// </summary>
internal static class MadeUpMethod
{
    private const string Declaration = """
        { "name": "probe", "title": "Made-up probe", "meaning": "What it shows.", "limits": "What it does not show.", "paper": "None", "labels": "needed",
          "labelDependent": true, "signed": true,
          "layers": "through", "frames": [],
          "words": {
            "unsigned": { "sentence": "Where {model} finds “{label}”.", "low": "less {label}", "high": "more {label}" },
            "signed": { "sentence": "Where {model} finds “{label}”: {high} patches speak for it.", "low": "against {label}", "high": "for {label}" },
            "versus": null },
          "parameters": [
            { "name": "fromLayer", "type": "integer", "range": "1…L", "default": "1", "minimum": 1, "maximum": null, "step": null, "values": [],
              "description": "First layer." },
            { "name": "toLayer", "type": "integer", "range": "1…L", "default": "L", "minimum": 1, "maximum": null, "step": null, "values": [],
              "description": "Last layer." },
            { "name": "strength", "type": "number", "range": "0…2", "default": "1", "minimum": 0, "maximum": 2, "step": 0.5, "values": [],
              "description": "How strong." },
            { "name": "careful", "type": "flag", "range": "true, false", "default": "false", "minimum": null, "maximum": null, "step": null, "values": [],
              "description": "With care." } ] }
        """;

    /// <summary>Has the server of this page know the method; <paramref name="queries"/> collects what it is asked.</summary>
    public static async Task AddAsync(IPage page, List<string> queries)
    {
        await page.RouteAsync("**/api/v1/methods", route => ExtendAsync(route, answer => answer["methods"]!.AsArray().Add(JsonNode.Parse(Declaration))));
        await page.RouteAsync("**/api/v1/models", route => ExtendAsync(route, answer =>
        {
            foreach (var model in answer["models"]!.AsArray()) model!["methods"]!.AsArray().Add("probe");
        }));
        await page.RouteAsync("**/api/v1/explain?*method=probe*", route =>
        {
            var query = new Uri(route.Request.Url).Query;
            queries.Add(Uri.UnescapeDataString(query[1..]));
            var line = new JsonObject { ["answer"] = Answer(HttpUtility.ParseQueryString(query)) };
            return route.FulfillAsync(new() { ContentType = "application/x-ndjson", Body = $"{line.ToJsonString()}\n" });
        });
    }

    public static double Value(int row, int label, double strength, int layer) => (label == 0 ? 1 : -1) * strength * (row + 0.1 * layer);

    private static async Task ExtendAsync(IRoute route, Action<JsonNode> extend)
    {
        var response = await route.FetchAsync();
        var answer = JsonNode.Parse(await response.TextAsync())!;
        extend(answer);
        await route.FulfillAsync(new() { Response = response, Body = answer.ToJsonString() });
    }

    private static JsonObject Answer(NameValueCollection query)
    {
        var labels = query["labels"]!.Split(',');
        var strength = double.Parse(query["strength"] ?? "1", CultureInfo.InvariantCulture);
        var layer = int.Parse(query["toLayer"] ?? $"{Demo.Layers}", CultureInfo.InvariantCulture);
        return new()
        {
            ["maps"] = Each(labels, label => new()
            {
                ["layer"] = layer, ["head"] = null, ["label"] = labels[label], ["signed"] = true,
                ["values"] = Numbers(Demo.Side, row => Numbers(Demo.Side, _ => Value(row, label, strength, layer))),
            }),
            ["series"] = new JsonObject
            {
                ["parts"] = Each(labels, label => new()
                {
                    ["label"] = labels[label], ["mlp"] = Numbers(Demo.Layers, index => index + label), ["score"] = label + 0.5,
                    ["attention"] = Numbers(Demo.Layers, row => Numbers(Demo.Heads, head => row - head)),
                }),
            },
            ["scores"] = Each(labels, label => new() { ["name"] = "total", ["label"] = labels[label], ["value"] = 10 * (label + 1) }),
            ["warnings"] = new JsonArray("The probe is made up."),
        };
    }

    private static JsonArray Each(string[] labels, Func<int, JsonObject> make) => [.. Enumerable.Range(0, labels.Length).Select(make)];

    private static JsonArray Numbers(int count, Func<int, JsonNode> make) => [.. Enumerable.Range(0, count).Select(make)];
}
