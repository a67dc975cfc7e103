using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using AttentionApi.Core.Explain;
using AttentionApi.Core.Loading;
using AttentionApi.Core.Parameters;

namespace AttentionApi.Core.Bundle;

/// <summary>What an explanation was asked, of which model, and what it said, as JSON: enough to make it again.</summary>
internal static class BundleDescription
{
    public const string Name = "explanation.json";

    /// <summary>Where <see cref="Request"/> lies in it.</summary>
    public const string RequestName = "request";

    public static readonly JsonSerializerOptions Indented = new(ParameterEcho.Json) { WriteIndented = true, NewLine = "\n" };

    public static byte[] Of(Explanation explanation, MapSet set, (string Picture, string? Asked) files, IEnumerable<(Heatmap Map, string Name)> maps,
        IEnumerable<(FeatureMap Map,
        string Name)> colors)
    {
        var (plan, analysis) = (explanation.Plan, explanation.Inspection.Analysis);
        var method = plan.Method.Info;
        return JsonSerializer.SerializeToUtf8Bytes(new JsonObject
        {
            ["format"] = EvidenceBundle.Format,
            ["model"] = Model(plan.Model),
            ["image"] = new JsonObject
            {
                ["file"] = files.Picture, ["sha256"] = explanation.Inspection.Picture.Sha256, ["width"] = analysis.Size.Width,
                    ["height"] = analysis.Size.Height,
                ["seen"] = new JsonObject { ["x"] = analysis.Seen.X, ["y"] = analysis.Seen.Y, ["width"] = analysis.Seen.Width,
                    ["height"] = analysis.Seen.Height },
            },
            ["asked"] = files.Asked is null ? null : new JsonObject { ["file"] = files.Asked, ["sha256"] = explanation.Inspection.Asked!.Picture.Sha256 },
            ["method"] = new JsonObject { ["name"] = method.Name, ["title"] = method.Title, ["shows"] = method.Shows, ["limits"] = method.ShowsNot,
                ["paper"] = method.Paper },
            [RequestName] = Request(plan),
            ["parameters"] = ParameterEcho.Of(explanation),
            ["predictions"] = List(explanation.Scoring.Predictions, one => new JsonObject { ["label"] = one.Label, ["score"] = one.Score,
                ["logit"] = one.Logit }),
            ["maps"] = List(maps, Map),
            ["features"] = List(colors, one => new JsonObject { ["file"] = $"{one.Name}.npy", ["layer"] = one.Map.Layer,
                ["explained"] = List(one.Map.Explained, share => share) }),
            ["series"] = Series(set.Series),
            ["completeness"] = List(set.Completeness, one => new JsonObject
            {
                ["label"] = one.Label, ["sum"] = one.Parts.Sum, ["bias"] = one.Parts.Bias, ["score"] = one.Parts.Score, ["residual"] = one.Parts.Residual,
            }),
            ["evidence"] = set.Evidence is { } evidence ? Evidence(evidence) : null,
            ["warnings"] = List(EvidenceReport.Warnings(explanation, set), warning => warning),
        }, Indented);
    }

    /// <summary>The curves as a table.</summary>
    public static byte[] Curves(Evidence evidence)
    {
        var csv = new StringBuilder("share,deletion,insertion,random_deletion,random_insertion\n");
        for (var i = 0; i < evidence.Shares.Count; i++)
        {
            csv.Append(CultureInfo.InvariantCulture, $"{evidence.Shares[i]},{evidence.Deletion.Values[i]},{evidence.Insertion.Values[i]},");
            csv.Append(CultureInfo.InvariantCulture, $"{evidence.RandomDeletion.Values[i]},{evidence.RandomInsertion.Values[i]}\n");
        }
        return Encoding.UTF8.GetBytes(csv.ToString());
    }

    /// <summary>The parameters as given, by name, so that another call can be given the same.</summary>
    private static JsonObject Request(ExplanationPlan plan)
    {
        var request = new JsonObject();
        foreach (var parameter in plan.Parameters.All.Where(plan.Given.Has)) request[parameter.Name] = Text(plan.Given.Find(parameter)!);
        return request;
    }

    private static JsonNode Text(object value) => value switch
    {
        IEnumerable<string> texts => List(texts, text => text),
        Explainer method => method.Info.Name,
        _ => Words.Written(value),
    };

    private static JsonObject Model(ModelFacts model) => new()
    {
        ["id"] = model.Id, ["sha256"] = model.Sha256, ["family"] = model.Family, ["precision"] = model.Precision, ["layers"] = model.Layers,
            ["heads"] = model.Heads,
        ["grid"] = new JsonObject { ["rows"] = model.Tokens.Grid.Rows, ["columns"] = model.Tokens.Grid.Columns },
        ["prefixTokens"] = model.Tokens.PrefixTokens, ["suffixTokens"] = model.Tokens.SuffixTokens,
    };

    private static JsonObject Map((Heatmap Map, string Name) one) => new()
    {
        ["file"] = $"{one.Name}.npy", ["picture"] = $"{one.Name}.png", ["layer"] = one.Map.Layer, ["head"] = one.Map.Head, ["label"] = one.Map.Label,
            ["signed"] = one.Map.Signed,
        ["minimum"] = one.Map.Minimum, ["maximum"] = one.Map.Maximum, ["flat"] = one.Map.Flat,
    };

    private static JsonObject Evidence(Evidence evidence)
    {
        JsonObject Curve(Curve curve) => new() { ["area"] = curve.Area, ["curve"] = List(curve.Values, value => value) };
        return new()
        {
            ["target"] = evidence.Target, ["quantity"] = evidence.Quantity.Word(), ["score"] = evidence.Score, ["verdict"] = evidence.Verdict,
                ["shares"] = List(evidence.Shares, share => share),
            ["deletion"] = Curve(evidence.Deletion), ["insertion"] = Curve(evidence.Insertion),
            ["random"] = List(evidence.RandomOrders, order => new JsonObject { ["deletion"] = Curve(order.Deletion), ["insertion"] = Curve(order.Insertion) }),
        };
    }

    private static JsonObject Series(IEnumerable<Series> all)
    {
        var series = new JsonObject();
        foreach (var one in all) series[one.Name] = List(one.Entries, Entry);
        return series;

        static JsonObject Entry(SeriesEntry entry)
        {
            var parts = new JsonObject { ["label"] = entry.Label };
            foreach (var (name, numbers) in entry.Parts) parts[name] = Nested(numbers.Values, [.. numbers.Shape]);
            return parts;
        }
    }

    private static JsonNode Nested(ReadOnlySpan<float> values, ReadOnlySpan<int> shape)
    {
        if (shape.IsEmpty) return values[0];
        var (list, size) = (new JsonArray(), values.Length / Math.Max(1, shape[0]));
        for (var i = 0; i < shape[0]; i++) list.Add(Nested(values.Slice(i * size, size), shape[1..]));
        return list;
    }

    private static JsonArray List<T>(IEnumerable<T> all, Func<T, JsonNode?> node) => [.. all.Select(node)];
}
