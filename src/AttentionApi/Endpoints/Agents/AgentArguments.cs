using System.Text.Json;
using AttentionApi.Core.Parameters;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;

namespace AttentionApi.Endpoints.Agents;

/// <summary>Arguments as language models send them, before the protocol's library reads them: it passes over names that it does not know, and says of a wrong
/// type only that an error occurred.</summary>
internal static class AgentArguments
{
    private const string Labels = "labels";

    public static McpRequestHandler<CallToolRequestParams, CallToolResult> Checked(McpRequestHandler<CallToolRequestParams, CallToolResult> next) =>
        (request, cancellation) => Wrong(request) is { } wrong
            ? ValueTask.FromResult(new CallToolResult { IsError = true, Content = [new TextContentBlock { Text = wrong }] }) : next(request, cancellation);

    /// <summary>What is wrong with the arguments, in words; null where nothing is. Labels in one text become a list, and values of parameters texts.</summary>
    private static string? Wrong(RequestContext<CallToolRequestParams> request)
    {
        if (request.MatchedPrimitive is not McpServerTool { ProtocolTool.InputSchema: var schema } || request.Params?.Arguments is not { } given) return null;
        var known = schema.TryGetProperty("properties", out var properties)
            ? properties.EnumerateObject().ToDictionary(one => one.Name, one => one.Value) : [];
        foreach (var (name, value) in given.ToList())
        {
            if (!known.TryGetValue(name, out var declared))
                return known.Count == 0 ? $"This tool takes no arguments; leave '{Words.Shown(name)}' out."
                    : $"There is no argument '{Words.Shown(name)}'; the nearest is '{Nearest.Name(name, known.Keys)}'.";
            if (name == Labels && value.ValueKind == JsonValueKind.String) given[name] = ListOf(value.GetString()!);
            else if (value.ValueKind == JsonValueKind.Object && Has(declared, "object")) given[name] = TextsOf(value);
            else if (value.ValueKind != JsonValueKind.Null && !Fits(declared, value)) return $"The argument '{name}' must be {TypeIn(declared)}.";
        }
        return null;
    }

    /// <summary>Separated by commas, as in the API; a list that was written as text is that list.</summary>
    private static JsonElement ListOf(string text)
    {
        try
        {
            using var written = JsonDocument.Parse(text);
            if (written.RootElement.ValueKind == JsonValueKind.Array) return written.RootElement.Clone();
        }
        catch (JsonException)
        {
            // Most labels are no JSON.
        }
        return JsonSerializer.SerializeToElement(text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries));
    }

    /// <summary>{"fromLayer": 3, "legend": false}: numbers and flags as they are written in a query.</summary>
    private static JsonElement TextsOf(JsonElement values) => JsonSerializer.SerializeToElement(values.EnumerateObject().ToDictionary(one => one.Name,
        one => one.Value.ValueKind switch
        {
            JsonValueKind.Null => null,
            JsonValueKind.String => one.Value.GetString(),
            _ => one.Value.GetRawText(),
        }));

    private static bool Fits(JsonElement declared, JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => Has(declared, "string"),
        JsonValueKind.Array => Has(declared, "array") && value.EnumerateArray().All(item => item.ValueKind == JsonValueKind.String),
        _ => false,
    };

    private static bool Has(JsonElement declared, string type) => declared.TryGetProperty("type", out var types)
        && (types.ValueKind == JsonValueKind.Array ? types.EnumerateArray().Any(one => one.ValueEquals(type)) : types.ValueEquals(type));

    private static string TypeIn(JsonElement declared) =>
        Has(declared, "array") ? "a list of texts" : Has(declared, "object") ? "an object" : "a text";
}
