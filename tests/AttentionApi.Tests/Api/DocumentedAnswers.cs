using System.Globalization;
using System.Text.Json.Nodes;
using Json.Schema;

namespace AttentionApi.Tests.Api;

/// <summary>Holds answers against the OpenAPI document: status, media type, headers, and the JSON by its schema.</summary>
internal sealed class DocumentedAnswers(JsonObject document)
{
    private const string OfDocument = "#/components/schemas/";

    private readonly JsonObject definitions = Definitions(document);

    /// <summary>What was held against the document: "post /api/v1/explain 200".</summary>
    public HashSet<string> Seen { get; } = [];

    public IEnumerable<string> Documented =>
        from path in document["paths"]!.AsObject()
        from operation in path.Value!.AsObject()
        from response in operation.Value!["responses"]!.AsObject()
        select $"{operation.Key} {path.Key} {response.Key}";

    /// <param name="operation">Verb and path as the document names them; of a wrong verb, the right one.</param>
    /// <param name="response">The answer.</param>
    public async Task CheckAsync(string operation, HttpResponseMessage response)
    {
        var status = ((int)response.StatusCode).ToString(CultureInfo.InvariantCulture);
        var (verb, path) = (operation.Split(' ')[0], operation.Split(' ')[1]);
        var text = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        var answer = document["paths"]![path]![verb]!["responses"]![status];
        Assert.True(answer is not null, $"{operation}: {status} is not in the document: {text}");
        foreach (var header in answer["headers"]!.AsObject().Select(header => header.Key).Where(name => name != "X-Warnings"))
        {
            Assert.True(response.Headers.Concat(response.Content.Headers).Any(sent => sent.Key.Equals(header, StringComparison.OrdinalIgnoreCase)),
                $"{operation} {status} has no {header}");
        }
        var type = response.Content.Headers.ContentType!.MediaType!;
        var content = answer["content"]![type];
        Assert.True(content is not null, $"{operation} {status}: {type} is not in the document");
        if (type == "application/x-ndjson")
        {
            var lines = text.Split('\n', StringSplitOptions.RemoveEmptyEntries);
            Assert.All(lines, line => Validate(content["schema"]!, JsonNode.Parse(line), $"{operation} {status}"));
        }
        else if (type.EndsWith("json", StringComparison.Ordinal)) Validate(content["schema"]!, JsonNode.Parse(text), $"{operation} {status}");
        Seen.Add($"{operation} {status}");
    }

    private void Validate(JsonNode schema, JsonNode? answer, string where)
    {
        var whole = (JsonObject)Translated(schema)!;
        whole["$defs"] = definitions.DeepClone();
        var result = JsonSchema.FromText(whole.ToJsonString()).Evaluate(answer, new EvaluationOptions { OutputFormat = OutputFormat.List });
        var faults = result.Details.Where(detail => detail.HasErrors).Select(detail =>
            $"{detail.InstanceLocation}: {string.Join("; ", detail.Errors!.Values)}");
        Assert.True(result.IsValid, $"{where}: {string.Join('\n', faults.Take(20))}");
    }

    private static JsonObject Definitions(JsonObject document) =>
        new(document["components"]!["schemas"]!.AsObject().Select(schema => KeyValuePair.Create(schema.Key, Translated(schema.Value))));

    /// <summary>From OpenAPI 3.0's dialect to JSON Schema: "nullable" becomes a choice with null, references lead to $defs.</summary>
    private static JsonNode? Translated(JsonNode? node)
    {
        switch (node)
        {
            case JsonArray array: return new JsonArray([.. array.Select(Translated)]);
            case JsonObject schema:
                var plain = new JsonObject(schema.Where(entry => entry.Key is not ("nullable" or "example")).Select(entry =>
                    KeyValuePair.Create(entry.Key, Translated(entry.Value))));
                return (bool?)schema["nullable"] == true ? new JsonObject { ["anyOf"] = new JsonArray(plain, new JsonObject { ["type"] = "null" }) } : plain;
            case JsonValue value when value.TryGetValue(out string? text)
                && text.StartsWith(OfDocument, StringComparison.Ordinal): return "#/$defs/" + text[OfDocument.Length..];
            default: return node?.DeepClone();
        }
    }
}
