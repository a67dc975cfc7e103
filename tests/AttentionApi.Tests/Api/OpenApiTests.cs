using System.Net;
using System.Text.Json;

namespace AttentionApi.Tests.Api;

/// <summary>The document behind Swagger UI: complete, truthful, and changed only on purpose.</summary>
public sealed class OpenApiTests(ApiHost host, FixtureHost fixtures)
{
    private static readonly string Snapshot = Path.Combine(SourceTree.Root, "client", "openapi.json");

    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    private async Task<JsonElement> DocumentAsync()
    {
        using var client = host.CreateClient();
        var text = await client.GetStringAsync("/swagger/v1/swagger.json", TestContext.Current.CancellationToken);
        using var document = JsonDocument.Parse(text);
        return document.RootElement.Clone();
    }

    [Fact]
    public async Task The_document_is_the_one_that_was_agreed_on()
    {
        var text = JsonSerializer.Serialize(await DocumentAsync(), Indented).ReplaceLineEndings("\n");
        // ATTENTION_UPDATE_SNAPSHOT=1 writes the new document, to be read in the commit's diff.
        if (Environment.GetEnvironmentVariable("ATTENTION_UPDATE_SNAPSHOT") == "1")
            await File.WriteAllTextAsync(Snapshot, text + "\n", TestContext.Current.CancellationToken);
        Assert.Equal((await File.ReadAllTextAsync(Snapshot, TestContext.Current.CancellationToken)).TrimEnd(), text);
    }

    [Fact]
    public async Task The_document_is_made_once_however_it_is_asked_for()
    {
        // A host of its own: two tests that ask the shared one first, at the same time, may start it twice.
        await using var own = new ApiHost();
        using var client = own.CreateClient();
        var texts = await Task.WhenAll(Enumerable.Range(0, 8).Select(call =>
            client.GetStringAsync($"/swagger/v1/swagger.json?call={call}", TestContext.Current.CancellationToken)));
        Assert.Single(texts.Distinct());
        Assert.Equal(1, own.Documents);
    }

    [Fact]
    public async Task Everything_has_a_description()
    {
        var document = await DocumentAsync();
        var missing = new List<string>();
        foreach (var (operation, where) in Operations(document))
        {
            foreach (var name in new[] { "summary", "description" }) Check(operation, name, where);
            if (operation.TryGetProperty("parameters", out var parameters))
            {
                foreach (var parameter in parameters.EnumerateArray()) Check(parameter, "description", $"{where} {parameter.GetProperty("name")}");
            }
            foreach (var response in operation.GetProperty("responses").EnumerateObject()) Check(response.Value, "description", $"{where} {response.Name}");
        }
        foreach (var schema in document.GetProperty("components").GetProperty("schemas").EnumerateObject())
        {
            if (!schema.Value.TryGetProperty("properties", out var properties)) continue;
            foreach (var property in properties.EnumerateObject().Where(property => !property.Value.TryGetProperty("$ref", out _)
                && !property.Value.TryGetProperty("allOf", out _))) Check(property.Value, "description", $"{schema.Name}.{property.Name}");
        }
        Assert.Empty(missing);

        void Check(JsonElement element, string name, string where)
        {
            if (!element.TryGetProperty(name, out var text) || string.IsNullOrWhiteSpace(text.GetString())) missing.Add($"{where}: {name}");
        }
    }

    /// <summary>By the tiny CLIP: every method at every operation is a thousand runs.</summary>
    [Fact]
    public async Task Every_enum_value_that_the_document_lists_is_accepted()
    {
        using var client = await fixtures.ReadyAsync();
        var sent = 0;
        var document = await DocumentAsync();
        var schemas = document.GetProperty("components").GetProperty("schemas");
        foreach (var (operation, where) in Operations(document))
        {
            if (!operation.TryGetProperty("parameters", out var parameters) || !where.StartsWith("post ", StringComparison.Ordinal)) continue;
            foreach (var parameter in parameters.EnumerateArray())
            {
                if (Reference(parameter.GetProperty("schema")) is not { } name) continue;
                // One method is compared between several models, and here is one.
                if (where.EndsWith("compare", StringComparison.Ordinal) && parameter.GetProperty("name").GetString() == "method") continue;
                foreach (var value in schemas.GetProperty(name).GetProperty("enum").EnumerateArray().Select(value => value.GetString()!))
                {
                    using var response = await client.SendAsync(
                        $"{where["post /api/v1/".Length..]}?{Query(where, parameter.GetProperty("name").GetString()!, value)}&model=clip", Pictures.Fixture);
                    // A method of numbers has no picture, and one with a single picture no animation.
                    if (parameter.GetProperty("name").GetString() == "method" && response.StatusCode == HttpStatusCode.BadRequest)
                    {
                        await response.ProblemAsync(400, "method");
                        continue;
                    }
                    Assert.True(response.StatusCode == HttpStatusCode.OK,
                        $"{where} {parameter.GetProperty("name")}={value}: {(int)response.StatusCode} "
                            + $"{await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)}");
                    sent++;
                }
            }
        }
        Assert.InRange(sent, 50, 1000);
    }

    /// <summary>The name of the schema that a parameter refers to, itself or in its allOf.</summary>
    private static string? Reference(JsonElement schema)
    {
        if (schema.TryGetProperty("allOf", out var all)) schema = all[0];
        return schema.TryGetProperty("$ref", out var reference) ? reference.GetString()!.Split('/')[^1] : null;
    }

    /// <summary>The value, with what it needs beside it.</summary>
    private static string Query(string where, string name, string value)
    {
        List<string> query = [$"{name}={value}"];
        if (where.EndsWith("compare", StringComparison.Ordinal))
        {
            query.AddRange(["methods=alignment,rollout", "labels=dog,car"]);
            return string.Join('&', query);
        }
        if (name is "view" or "panels" && !where.EndsWith("predict", StringComparison.Ordinal)) query.Add("method=alignment");
        if (name == "frames" && value == "cumulative") query.Add("method=rollout");
        if (value == "similarity") query.Add("query=1,1");
        query.Add("labels=dog,car");
        if (where.Contains("animation", StringComparison.Ordinal)) query.Add("size=64");
        return string.Join('&', query);
    }

    private static IEnumerable<(JsonElement Operation, string Where)> Operations(JsonElement document) =>
        from path in document.GetProperty("paths")
            .EnumerateObject() from operation in path.Value.EnumerateObject() select (operation.Value, $"{operation.Name} {path.Name}");
}
