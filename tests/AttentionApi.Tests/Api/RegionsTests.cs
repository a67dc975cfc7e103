using System.Text.Json.Nodes;
using AttentionApi.Core.Imaging;
using AttentionApi.Tests.Rendering;

namespace AttentionApi.Tests.Api;

/// <summary>Regions of the map that an overlay shows, as JSON and as a mask.</summary>
public class RegionsTests(ApiHost host)
{
    private async Task<JsonObject> JsonAsync(string query, byte[]? picture = null)
    {
        using var client = await host.ReadyAsync();
        using var response = await client.SendAsync($"explain/regions?{query}", picture);
        return await response.JsonAsync();
    }

    [Theory]
    [InlineData("method=alignment&labels=dog,car&target=dog"), InlineData("threshold=mass:0.5&regions=2"),
        InlineData("method=libra&labels=dog,car&versus=car&target=dog&threshold=percentile:85"), InlineData("interpolation=nearest")]
    public async Task The_mask_is_the_run_lengths_and_the_regions_add_up_to_it(string query)
    {
        var answer = await JsonAsync(query);
        var mask = Decode(answer["rle"]!);
        var regions = answer["regions"]!.AsArray();
        Assert.NotEmpty(regions);
        Assert.Equal(mask.Cast<bool>().Count(inside => inside), regions.Sum(region => (long)region!["area"]!));
        Assert.All(regions, region =>
        {
            var own = Decode(region!["rle"]!);
            Assert.True(own[(int)region["point"]!["y"]!, (int)region["point"]!["x"]!]);
            Assert.Equal((long)region["area"]!, own.Cast<bool>().Count(inside => inside));
            Assert.InRange((double)region["mass"]!, 0, 1);
        });

        using var client = await host.ReadyAsync();
        using var file = await client.SendAsync($"explain/regions?{query}&format=png");
        var bytes = await file.BytesAsync();
        Assert.Equal("image/png", file.Content.Headers.ContentType?.MediaType);
        Assert.Equal((8, 0), (bytes[24], bytes[25]));
        var png = ImageDecoder.Decode(bytes, ImageLimits.Default, TestContext.Current.CancellationToken);
        Assert.Equal((mask.GetLength(1), mask.GetLength(0)), (png.Width, png.Height));
        for (var y = 0; y < png.Height; y++) for (var x = 0; x < png.Width; x++) Assert.Equal(mask[y, x] ? 255 : 0, png.Rgb[3 * (y * png.Width + x)]);
    }

    [Fact]
    public async Task The_regions_are_those_of_the_map_of_explain()
    {
        const string query = "method=alignment&labels=dog,car&target=car&toLayer=5";
        using var client = await host.ReadyAsync();
        using var response = await client.SendAsync($"explain?{query}&fromLayer=5");
        var explained = await response.JsonAsync();
        var map = explained["maps"]!.AsArray().Single(one => (string?)one!["label"] == "car")!["values"].Rows();
        var answer = await JsonAsync($"{query}&interpolation=nearest&threshold=percentile:90&regions=20");
        Assert.Equal((5, "car", "alignment"), ((int)answer["layer"]!, (string?)answer["label"], (string?)answer["method"]));
        Assert.Equal("percentile:90", (string?)answer["parameters"]!["threshold"]);
        var (threshold, mask) = ((double)answer["threshold"]!, Decode(answer["rle"]!));
        var (seen, above) = (answer["image"]!["seen"]!, 0);
        for (var row = 0; row < map.Length; row++)
        {
            for (var column = 0; column < map[row].Length; column++)
            {
                var x = (int)((double)seen["x"]! + (column + 0.5) * (double)seen["width"]! / map[row].Length);
                var y = (int)((double)seen["y"]! + (row + 0.5) * (double)seen["height"]! / map.Length);
                Assert.Equal(map[row][column] >= threshold, mask[y, x]);
                if (mask[y, x]) above++;
            }
        }
        Assert.Equal(Math.Round(0.1 * map.Length * map.Length), above, 1.0);
    }

    [Fact]
    public async Task Accept_chooses_between_mask_and_numbers()
    {
        using var client = await host.ReadyAsync();
        foreach (var (accept, type) in (IEnumerable<(string, string)>)[("image/png", "image/png"), ("application/json", "application/json"), ("*/*",
            "application/json")])
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, $"{TestHost.Base}/explain/regions") { Content = Pictures.Raw(Pictures.DogAndCar),
                Headers = { { "Accept", accept } } };
            using var response = await client.SendAsync(request, TestContext.Current.CancellationToken);
            Assert.Equal(type, response.Content.Headers.ContentType?.MediaType);
        }
        using var other = new HttpRequestMessage(HttpMethod.Post, $"{TestHost.Base}/explain/regions") { Content = Pictures.Raw(Pictures.DogAndCar),
            Headers = { { "Accept", "image/gif" } } };
        using var refused = await client.SendAsync(other, TestContext.Current.CancellationToken);
        await refused.ProblemAsync(406);
    }

    [Fact]
    public async Task Regions_that_are_not_given_are_told_of()
    {
        var answer = await JsonAsync("method=attention&threshold=percentile:60&regions=1");
        Assert.Single(answer["regions"]!.AsArray());
        Assert.Contains(answer.Warnings(), warning => warning.EndsWith("regions are above the threshold; the 1 largest are given ('regions').",
            StringComparison.Ordinal));
        answer = await JsonAsync("threshold=1000");
        Assert.Empty(answer["regions"]!.AsArray());
        Assert.Contains(answer.Warnings(), warning => warning.StartsWith("No pixel of the map reaches the threshold", StringComparison.Ordinal));
        Assert.DoesNotContain(true, Decode(answer["rle"]!).Cast<bool>());
    }

    [Theory]
    [InlineData("threshold=mass:2", "threshold"), InlineData("threshold=half", "threshold"), InlineData("regions=21", "regions"), InlineData("regions=0",
        "regions"), InlineData("heads=each", "heads")]
    [InlineData("method=features", "method"), InlineData("method=statistics", "method"), InlineData("format=webp", "format")]
    public async Task What_cannot_be_is_refused_on_its_parameter(string query, string parameter)
    {
        using var client = await host.ReadyAsync();
        using var response = await client.SendAsync($"explain/regions?{query}");
        await response.ProblemAsync(400, parameter);
    }

    private static bool[,] Decode(JsonNode rle) => CocoMask.Decode((int)rle["size"]![0]!, (int)rle["size"]![1]!, (string)rle["counts"]!);
}
