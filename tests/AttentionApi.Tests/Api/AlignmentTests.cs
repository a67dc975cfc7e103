using System.Text.Json.Nodes;

namespace AttentionApi.Tests.Api;

/// <summary>Label alignment over HTTP on the embedded model: order, views, trajectory.</summary>
public class AlignmentTests(ApiHost host)
{
    private const int Patches = 14 * 14;

    private async Task<JsonObject> AlignAsync(string query)
    {
        using var client = await host.ReadyAsync();
        using var response = await client.SendAsync($"explain?method=alignment&{query}");
        return await response.JsonAsync();
    }

    private static float[][] Maps(JsonObject answer) => [.. answer["maps"]!.AsArray().Select(map => (float[])[.. map!["values"].Rows().SelectMany(row => row)])];

    [Fact]
    public async Task Maps_come_by_layer_and_within_it_by_label_as_requested()
    {
        var answer = await AlignAsync("labels=car,dog&fromLayer=5");
        Assert.Equal([(5, "car"), (5, "dog"), (6, "car"), (6, "dog")], answer["maps"]!.AsArray().Select(map => ((int)map!["layer"]!, (string)map["label"]!)));
        Assert.All(answer["maps"]!.AsArray(), map => Assert.False((bool)map!["signed"]!));
        Assert.All(Maps(answer).SelectMany(map => map), cosine => Assert.InRange(cosine, -1.0001f, 1.0001f));
    }

    [Fact]
    public async Task Swapping_the_labels_swaps_the_maps()
    {
        var one = Maps(await AlignAsync("labels=car,dog&fromLayer=6"));
        var other = Maps(await AlignAsync("labels=dog,car&fromLayer=6"));
        Assert.Equal(one[0], other[1]);
        Assert.Equal(one[1], other[0]);
    }

    [Fact]
    public async Task Centered_is_the_distance_from_the_mean_over_labels()
    {
        var raw = Maps(await AlignAsync("labels=car,dog,pizza&fromLayer=6"));
        var answer = await AlignAsync("labels=car,dog,pizza&fromLayer=6&view=centered");
        Assert.All(answer["maps"]!.AsArray(), map => Assert.True((bool)map!["signed"]!));
        var centered = Maps(answer);
        for (var patch = 0; patch < Patches; patch++)
        {
            var mean = raw.Average(map => map[patch]);
            for (var label = 0; label < 3; label++) Assert.Equal(raw[label][patch] - mean, centered[label][patch], 1e-5);
        }
    }

    [Fact]
    public async Task Softmax_is_over_the_labels_and_scaled_as_the_model_does()
    {
        var raw = Maps(await AlignAsync("labels=car,dog,pizza&fromLayer=6"));
        var softmax = Maps(await AlignAsync("labels=car,dog,pizza&fromLayer=6&view=softmax"));
        for (var patch = 0; patch < Patches; patch++)
        {
            var sum = raw.Sum(map => Math.Exp(14.479 * map[patch]));
            for (var label = 0; label < 3; label++) Assert.Equal(Math.Exp(14.479 * raw[label][patch]) / sum, softmax[label][patch], 1e-4);
        }
    }

    [Fact]
    public async Task Contrast_sets_labels_against_versus()
    {
        var raw = Maps(await AlignAsync("labels=car,dog&fromLayer=6"));
        var contrast = Maps(await AlignAsync("labels=car&fromLayer=6&view=contrast&versus=dog"));
        for (var patch = 0; patch < Patches; patch++) Assert.Equal(raw[0][patch] - raw[1][patch], contrast[0][patch], 1e-5);
    }

    [Fact]
    public async Task Contrast_without_versus_sets_labels_against_the_empty_text()
    {
        var raw = Maps(await AlignAsync("labels=car,dog&fromLayer=6"));
        var contrast = Maps(await AlignAsync("labels=car,dog&fromLayer=6&view=contrast"));
        // The same map is taken from both labels.
        for (var patch = 0; patch < Patches; patch++) Assert.Equal(raw[0][patch] - contrast[0][patch], raw[1][patch] - contrast[1][patch], 1e-5);
    }

    [Fact]
    public async Task The_trajectory_ends_at_the_cosine_of_the_prediction_and_is_raw_in_every_view()
    {
        var answer = await AlignAsync("labels=car,dog&view=centered&fromLayer=2");
        var trajectory = answer["trajectory"]!.AsArray();
        Assert.Equal(["car", "dog"], trajectory.Select(label => (string)label!["label"]!));
        Assert.All(trajectory, label => Assert.Equal(5, label!["values"]!.AsArray().Count));
        foreach (var prediction in answer["predictions"]!.AsArray())
        {
            var values = trajectory.Single(label => (string)label!["label"]! == (string)prediction!["label"]!)!["values"]!.AsArray();
            Assert.Equal((double)prediction!["logit"]! / 14.479, (double)values[^1]!, 1e-3);
        }
    }

    [Fact]
    public async Task Another_label_runs_no_vision_model()
    {
        await AlignAsync("labels=car,dog");
        Assert.Equal(0, (int)(await AlignAsync("labels=pizza,cat"))["modelRuns"]!);
    }

    [Fact]
    public async Task The_demo_model_finds_dog_and_car_where_they_are()
    {
        var answer = await AlignAsync("labels=car,dog&fromLayer=6&view=centered");
        var maps = Maps(answer);
        var (car, dog) = (Array.IndexOf(maps[0], maps[0].Max()), Array.IndexOf(maps[1], maps[1].Max()));
        // The dog is in the upper left of the picture, the car in the lower right.
        Assert.True(dog % 14 < 7 && dog / 14 < 8, $"dog at row {dog / 14}, column {dog % 14}");
        Assert.True(car % 14 >= 7 && car / 14 >= 7, $"car at row {car / 14}, column {car % 14}");
    }
}
