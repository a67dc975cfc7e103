using System.Globalization;
using System.Text.Json.Nodes;
using AttentionApi.Tests.Api;

namespace AttentionApi.Tests.Field;

/// <summary>
/// Every method that a model of fixtures/field lists answers, whatever form its graph and inputs have, and every other one says why it does not.
/// </summary>
public sealed class FieldMethodTests(ITestOutputHelper output)
{
    /// <summary>Takes thousands of runs; occlusion stands for it.</summary>
    private const string Slow = "rise";

    [Theory]
    [InlineData("written-softmax"), InlineData("second-input"), InlineData("remainder"), InlineData("one-register"), InlineData("open-sides-siglip")]
    public async Task Every_method_that_is_listed_answers(string folder)
    {
        await using var field = new FieldFolder(folder);
        var picture = await File.ReadAllBytesAsync(Directory.EnumerateFiles(field.Path, "*.png").Order(StringComparer.Ordinal).First(),
            TestContext.Current.CancellationToken);
        foreach (var id in Models(field))
        {
            var client = await field.ServeAsync([], id);
            var model = await ModelAsync(client, id);
            foreach (var method in model["methods"].Strings().Except([Slow])) Assert.NotNull(await ExplainAsync(client, model, method, picture));
            foreach (var missing in model["unavailable"]!.AsArray())
            {
                using var refused = await client.SendAsync(Query(model, (string)missing!["method"]!), picture);
                var detail = (string)(await refused.ProblemAsync(400, "method"))["detail"]!;
                Assert.Contains(((string)missing["reason"]!).TrimEnd('.'), detail, StringComparison.Ordinal);
            }
            output.WriteLine($"{id}: {string.Join(", ", model["methods"].Strings())}");
            Assert.Equal(model.ToJsonString(), (await ModelAsync(client, id)).ToJsonString());
        }
    }

    [Fact]
    public async Task However_a_softmax_is_written_every_method_gives_the_same_maps()
    {
        await using var field = new FieldFolder("written-softmax");
        var picture = await File.ReadAllBytesAsync(field.At("picture.png"), TestContext.Current.CancellationToken);
        var first = new Dictionary<string, float[]>();
        var worst = new Dictionary<string, float>();
        foreach (var id in Models(field))
        {
            var client = await field.ServeAsync([], id);
            var model = await ModelAsync(client, id);
            foreach (var method in model["methods"].Strings().Except([Slow]))
            {
                var answer = await ExplainAsync(client, model, method, picture);
                float[] values = [.. answer["maps"]!.AsArray().SelectMany(map => Numbers(map!["values"])), .. Numbers(answer["series"])];
                if (!first.TryAdd(method, values)) worst[method] = MathF.Max(worst.GetValueOrDefault(method), Difference(first[method], values));
            }
        }
        foreach (var (method, difference) in worst) output.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{method}: {difference:g2} of the largest value"));
        Assert.Contains("libra", worst.Keys);
        Assert.Contains("decomposition", worst.Keys);
        Assert.All(worst, method => Assert.True(method.Value <= 1e-4f, $"{method.Key} differs by {method.Value}"));
    }

    private static IEnumerable<string> Models(FieldFolder field) => Directory.EnumerateDirectories(field.Path).Select(path => Path.GetFileName(path)).Order();

    private static async Task<JsonObject> ModelAsync(HttpClient client, string id)
    {
        using var response = await client.GetAsync($"{TestHost.Base}/models/{id}", TestContext.Current.CancellationToken);
        return await response.JsonAsync();
    }

    private static async Task<JsonObject> ExplainAsync(HttpClient client, JsonObject model, string method, byte[] picture)
    {
        using var response = await client.SendAsync(Query(model, method), picture);
        return await response.JsonAsync();
    }

    private static string Query(JsonObject model, string method) => $"explain?model={model["id"]}&method={method}"
        + ((bool)model["text"]! ? "&labels=cat,dog" : "") + (method == "similarity" ? "&query=1,1" : "");

    private static IEnumerable<float> Numbers(JsonNode? node) => node switch
    {
        JsonArray array => array.SelectMany(Numbers),
        JsonObject members => members.SelectMany(member => Numbers(member.Value)),
        JsonValue value when value.TryGetValue<float>(out var number) => [number],
        _ => [],
    };

    private static float Difference(float[] expected, float[] actual)
    {
        Assert.Equal(expected.Length, actual.Length);
        return ReferenceArrays.LargestDifference(expected, actual) / MathF.Max(expected.Max(MathF.Abs), float.Epsilon);
    }
}
