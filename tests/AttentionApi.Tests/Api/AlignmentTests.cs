using System.Text.Json.Nodes;

namespace AttentionApi.Tests.Api;

/// <summary>Label alignment over HTTP on the embedded model: order, views, trajectory.</summary>
public class AlignmentTests(ApiHost host)
{
    private async Task<JsonObject> AlignAsync(string query)
    {
        using var client = await host.ReadyAsync();
        using var response = await client.SendAsync(Demo.Fill($"explain?method=alignment&{query}"));
        return await response.JsonAsync();
    }

    private static float[][] Maps(JsonObject answer) =>
        [.. answer["maps"]!.AsArray().Select(map => (float[])[.. map!["values"].Rows().SelectMany(row => row)])];

    [Fact]
    public async Task Maps_come_by_layer_and_within_it_by_label_as_requested()
    {
        var answer = await AlignAsync("labels=car,dog&fromLayer={layers-1}");
        Assert.Equal([(Demo.Layers - 1, "car"), (Demo.Layers - 1, "dog"), (Demo.Layers, "car"), (Demo.Layers, "dog")], answer["maps"]!.AsArray().Select(map =>
            ((int)map!["layer"]!, (string)map["label"]!)));
        Assert.All(answer["maps"]!.AsArray(), map => Assert.False((bool)map!["signed"]!));
        Assert.All(Maps(answer).SelectMany(map => map), cosine => Assert.InRange(cosine, -1.0001f, 1.0001f));
    }

    [Fact]
    public async Task Swapping_the_labels_swaps_the_maps()
    {
        var one = Maps(await AlignAsync("labels=car,dog&fromLayer={layers}"));
        var other = Maps(await AlignAsync("labels=dog,car&fromLayer={layers}"));
        Assert.Equal(one[0], other[1]);
        Assert.Equal(one[1], other[0]);
    }

    [Fact]
    public async Task Centered_is_the_distance_from_the_mean_over_labels()
    {
        var raw = Maps(await AlignAsync("labels=car,dog,pizza&fromLayer={layers}"));
        var answer = await AlignAsync("labels=car,dog,pizza&fromLayer={layers}&view=centered");
        Assert.All(answer["maps"]!.AsArray(), map => Assert.True((bool)map!["signed"]!));
        var centered = Maps(answer);
        for (var patch = 0; patch < Demo.Patches; patch++)
        {
            var mean = raw.Average(map => map[patch]);
            for (var label = 0; label < 3; label++) Assert.Equal(raw[label][patch] - mean, centered[label][patch], 1e-5);
        }
    }

    [Fact]
    public async Task Softmax_is_over_the_labels_and_scaled_as_the_model_does()
    {
        var raw = Maps(await AlignAsync("labels=car,dog,pizza&fromLayer={layers}"));
        var softmax = Maps(await AlignAsync("labels=car,dog,pizza&fromLayer={layers}&view=softmax"));
        for (var patch = 0; patch < Demo.Patches; patch++)
        {
            var sum = raw.Sum(map => Math.Exp(Demo.LogitScale * map[patch]));
            for (var label = 0; label < 3; label++) Assert.Equal(Math.Exp(Demo.LogitScale * raw[label][patch]) / sum, softmax[label][patch], 1e-4);
        }
    }

    [Fact]
    public async Task Contrast_sets_labels_against_versus()
    {
        var raw = Maps(await AlignAsync("labels=car,dog&fromLayer={layers}"));
        var contrast = Maps(await AlignAsync("labels=car&fromLayer={layers}&view=contrast&versus=dog"));
        for (var patch = 0; patch < Demo.Patches; patch++) Assert.Equal(raw[0][patch] - raw[1][patch], contrast[0][patch], 1e-5);
    }

    [Fact]
    public async Task Contrast_without_versus_sets_labels_against_the_empty_text()
    {
        var raw = Maps(await AlignAsync("labels=car,dog&fromLayer={layers}"));
        var contrast = Maps(await AlignAsync("labels=car,dog&fromLayer={layers}&view=contrast"));
        // The same map is taken from both labels.
        for (var patch = 0; patch < Demo.Patches; patch++) Assert.Equal(raw[0][patch] - contrast[0][patch], raw[1][patch] - contrast[1][patch], 1e-5);
    }

    [Fact]
    public async Task The_trajectory_ends_at_the_cosine_of_the_prediction_and_is_raw_in_every_view()
    {
        var answer = await AlignAsync("labels=car,dog&view=centered&fromLayer=2");
        var trajectory = answer["trajectory"]!.AsArray();
        Assert.Equal(["car", "dog"], trajectory.Select(label => (string)label!["label"]!));
        Assert.All(trajectory, label => Assert.Equal(Demo.Layers - 1, label!["values"]!.AsArray().Count));
        foreach (var prediction in answer["predictions"]!.AsArray())
        {
            var values = trajectory.Single(label => (string)label!["label"]! == (string)prediction!["label"]!)!["values"]!.AsArray();
            Assert.Equal((double)prediction!["logit"]! / Demo.LogitScale, (double)values[^1]!, 1e-3);
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
        var answer = await AlignAsync("labels=car,dog&fromLayer={layers}&view=centered");
        var maps = Maps(answer);
        var (car, dog) = (Strongest(maps[0]), Strongest(maps[1]));
        // The dog is in the upper left of the picture, the car in the lower right.
        Assert.True(dog is { X: < 0.5, Y: < 0.6 }, $"dog at {dog}");
        Assert.True(car is { X: > 0.5, Y: > 0.5 }, $"car at {car}");
    }

    /// <summary>The centre of the strongest patch, in shares of what the model saw.</summary>
    private static (double X, double Y) Strongest(float[] map)
    {
        var (row, column) = Math.DivRem(Array.IndexOf(map, map.Max()), Demo.Side);
        return ((column + 0.5) / Demo.Side, (row + 0.5) / Demo.Side);
    }
}
