using System.Text.Json.Nodes;
using AttentionApi.Core.Imaging;
using AttentionApi.Core.Models;
using AttentionApi.Core.Runtime.Sessions;
using AttentionApi.Tests.Onnx;
using Microsoft.ML.OnnxRuntime;

namespace AttentionApi.Tests.Api;

/// <summary>
/// Pictures at other sizes than the model's own, where its graph interpolates its positions (a BEiT whose sides are symbolic, 48 × 48 by its files).
/// </summary>
public sealed class ResolutionTests : IAsyncDisposable
{
    private const int Larger = 72, Patch = 8;

    /// <summary>A classifier that reads its first token, with a table of 4 × 4 positions that is resized to the picture's patches.</summary>
    private static readonly SyntheticTransformer Interpolated = new()
    {
        DynamicSize = true,
        Patchify = (w, pixels) =>
        {
            var map = w.Node("Conv", [pixels, w.Weight(SyntheticTransformer.Width, 3, Patch, Patch)],
                ModelWriter.Attribute("kernel_shape", Patch, Patch), ModelWriter.Attribute("strides", Patch, Patch));
            var sides = w.Node("Slice", [w.Node("Shape", [map]), w.Integers(2), w.Integers(4)]);
            var sizes = w.Node("Concat", [w.Integers(1, SyntheticTransformer.Width), sides], ModelWriter.Attribute("axis", 0));
            var positions = w.Node("Resize", [w.Weight(1, SyntheticTransformer.Width, 4, 4), "", "", sizes], ModelWriter.Attribute("mode", "cubic"));
            return SyntheticTransformer.Flatten(w, w.Node("Add", [map, positions]));
        },
    };

    private readonly TemporaryFolder folder = new();
    private readonly TestHost host;

    public ResolutionTests()
    {
        OpenSides.CopyFamily(new FixtureVariant("beit", "onnx/model.onnx"), Directory.CreateDirectory(folder.At("open")).FullName);
        Interpolated.Write(folder.At("interpolated.onnx"));
        Directory.CreateDirectory(folder.At("open-fixed"));
        foreach (var file in Directory.GetFiles(folder.At("open"))) File.Copy(file, folder.At("open-fixed", Path.GetFileName(file)));
        OpenSides.CopyFixed(folder.At("open", "onnx", "model.onnx"), folder.At("open-fixed", "onnx", "model.onnx"), Larger);
        OpenSides.CopyFixed(folder.At("interpolated.onnx"), folder.At("interpolated-fixed.onnx"), 48);
        host = new TestHost(("Models:Path", folder.Path), ("Models:Default", "open"));
    }

    public async ValueTask DisposeAsync()
    {
        await host.DisposeAsync();
        folder.Dispose();
    }

    private async Task<JsonObject> AskAsync(string call)
    {
        using var client = await host.ReadyAsync();
        using var response = await client.SendAsync(call, Pictures.DogAndCar);
        return await response.JsonAsync();
    }

    private async Task<string> RefusedAsync(string call, string parameter)
    {
        using var client = await host.ReadyAsync();
        using var response = await client.SendAsync(call, Pictures.DogAndCar);
        return (string)(await response.ProblemAsync(400, parameter))["detail"]!;
    }

    [Fact]
    public async Task The_list_of_models_says_which_sizes_there_are()
    {
        using var client = await host.ReadyAsync();
        using var response = await client.GetAsync($"{TestHost.Base}/models/open", TestContext.Current.CancellationToken);
        Assert.Equal("""{"minimum":16,"maximum":96,"step":8}""", (await response.JsonAsync())["resolutions"]!.ToJsonString());
    }

    [Theory]
    [InlineData("rollout", "")]
    [InlineData("attention", "&head=2")]
    [InlineData("features", "")]
    [InlineData("flow", "")]
    public async Task A_map_has_the_patches_of_its_resolution(string method, string more)
    {
        var own = await AskAsync($"explain?method={method}{more}");
        var larger = await AskAsync($"explain?method={method}&resolution={Larger}{more}");
        Assert.Equal((6, 48), ((int)own["model"]!["grid"]!["rows"]!, (int)own["parameters"]!["resolution"]!));
        Assert.Equal((Larger / Patch, Larger), ((int)larger["model"]!["grid"]!["columns"]!, (int)larger["parameters"]!["resolution"]!));
        Assert.All(larger["maps"]!.AsArray(), map => Assert.Equal(Larger / Patch, map!["values"]!.AsArray().Count));
        Assert.Equal(own["image"]!.ToJsonString(), larger["image"]!.ToJsonString());
        Assert.Contains(larger.Warnings(), warning => warning == $"At {Larger}x{Larger} the model's positions are interpolated; its own size is 48x48.");
        Assert.DoesNotContain(own.Warnings(), warning => warning.Contains("interpolated", StringComparison.Ordinal));
        // What was kept of one size does not answer for another.
        Assert.Equal(own["maps"]!.ToJsonString(), (await AskAsync($"explain?method={method}{more}"))["maps"]!.ToJsonString());
    }

    [Fact]
    public async Task The_answer_is_that_of_the_untouched_file()
    {
        await using var model = await LoadedModels.LoadAsync(folder.At("open"));
        var decoded = ImageDecoder.Decode(Pictures.DogAndCar, ImageLimits.Default, TestContext.Current.CancellationToken);
        var input = model.At(new PixelSize(Larger, Larger)).Preprocessor.Prepare(decoded);
        Assert.Equal((Larger, Larger), (input.Width, input.Height));
        using var session = new InferenceSession(folder.At("open", "onnx", "model.onnx"));
        using var pixels = OrtValue.CreateTensorValueFromMemory(input.Pixels, [1, 3, Larger, Larger]);
        using var options = new RunOptions();
        using var logits = session.Run(options, ["pixel_values"], [pixels], ["logits"]);
        var expected = Tensors.ToFloats(logits[0]).OrderDescending().ToArray();

        var predictions = (await AskAsync($"predict?resolution={Larger}&top=100"))["predictions"]!.AsArray();
        Assert.Equal(expected.Length, predictions.Count);
        foreach (var (logit, prediction) in expected.Zip(predictions)) Assert.Equal(logit, (float)prediction!["logit"]!, 1e-5f);
    }

    [Theory]
    [InlineData("alignment", "&view=centered")]
    [InlineData("decomposition", "")]
    public async Task A_method_that_reads_hidden_states_has_the_patches_of_its_resolution(string method, string more)
    {
        var answer = await AskAsync($"explain?model=interpolated&method={method}&labels=0,3&resolution=48{more}");
        Assert.All(answer["maps"]!.AsArray(), map => Assert.Equal((6, 6), (map!["values"]!.AsArray().Count, map["values"]![0]!.AsArray().Count)));
    }

    [Fact]
    public async Task Decomposition_adds_up_to_the_score_of_its_resolution()
    {
        foreach (var resolution in (int[])[32, 48])
        {
            var answer = await AskAsync($"explain?model=interpolated&method=decomposition&labels=3&centered=false&resolution={resolution}");
            var logit = (double)answer["predictions"]!.AsArray().Single(prediction => (string)prediction!["label"]! == "3")!["logit"]!;
            var parts = answer["series"]!["parts"]![0]!;
            var sum = parts["attention"].Rows().Sum(heads => heads.Sum()) + parts["mlp"]!.AsArray().Sum(part => (float)part!) + (double)parts["initial"]!
                + (double)parts["constant"]!;
            Assert.Equal(logit, sum, 1e-4);
        }
    }

    /// <summary>The same weights, exported for pictures of that size, whose gradients are those of a fixed shape.</summary>
    [Theory]
    [InlineData("open", Larger, "libra", "chefer", "chefer&fromLayer=1")]
    [InlineData("interpolated", 48, "libra", "chefer&fromLayer=1&gradients=libra", "gradEclip", "leGrad&fromLayer=1", "leGrad&pool=mean")]
    public async Task Gradients_are_those_of_an_export_for_that_size(string model, int edge, params string[] methods)
    {
        foreach (var method in methods)
        {
            var open = Values(await AskAsync($"explain?model={model}&method={method}&labels=0,1,2,3&resolution={edge}"));
            var expected = Values(await AskAsync($"explain?model={model}-fixed&method={method}&labels=0,1,2,3"));
            Assert.Equal((4 * edge * edge / Patch / Patch, open.Length), (open.Length, expected.Length));
            var largest = expected.Max(MathF.Abs);
            Assert.True(largest > 0, method);
            Assert.All(open.Zip(expected), pair => Assert.Equal(pair.Second, pair.First, 1e-4f * largest));
        }

        float[] Values(JsonObject answer) => [.. answer["maps"]!.AsArray().SelectMany(map => map!["values"].Rows()).SelectMany(row => row)];
    }

    [Fact]
    public async Task Gradients_that_would_hold_too_much_are_refused_with_the_remedy()
    {
        await using var model = await LoadedModels.LoadAsync(folder.At("open"));
        Assert.True(model.Facts.Gradients.AtAnySize);
        var large = model.Facts with { Layers = 12, Heads = 12, Width = 768, Resolutions = new(16, 640, 8) };
        Assert.Null(large.At(new(152, 152)).Gradients.LibraMissing);
        Assert.Contains("at 320x320 gradients would hold about", large.At(new(320, 320)).Gradients.LibraMissing, StringComparison.Ordinal);
        var hybrid = model.Facts with { Gradients = new(null, null, HeadReading.Token) };
        Assert.Contains("at the model's own size of 48x48 only, so leave 'resolution' out", hybrid.At(new(72, 72)).Gradients.PlainMissing,
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("resolution=50", "takes 16 to 96 pixels a side, in steps of 8")]
    [InlineData("resolution=104", "takes 16 to 96 pixels a side")]
    [InlineData("resolution=0", "whole number"), InlineData("resolution=64x48", "the pixels of both sides")]
    public async Task A_size_that_the_model_does_not_take_is_refused_with_those_that_it_takes(string query, string words) =>
        Assert.Contains(words, await RefusedAsync($"explain?{query}", "resolution"), StringComparison.Ordinal);

    [Fact]
    public async Task A_model_of_one_size_says_so()
    {
        await using var fixtures = new FixtureHost();
        using var client = await fixtures.ReadyAsync();
        using var response = await client.SendAsync($"explain?resolution={Larger}", Pictures.Fixture);
        Assert.Equal("The model 'vit' takes pictures of 48x48 only; leave 'resolution' out.",
            (string)(await response.ProblemAsync(400, "resolution"))["detail"]!);
        using var own = await client.SendAsync("explain?resolution=48", Pictures.Fixture);
        Assert.Null((await own.JsonAsync())["parameters"]!["resolution"]);
    }

    [Theory]
    [InlineData("explain/overlay?legend=true")]
    [InlineData("explain/grid?")]
    [InlineData("explain/animation?")]
    [InlineData("explain/tensors?")]
    public async Task Pictures_and_tensors_take_it(string call)
    {
        using var client = await host.ReadyAsync();
        using var own = await client.SendAsync(call, Pictures.DogAndCar);
        using var larger = await client.SendAsync($"{call}&resolution={Larger}", Pictures.DogAndCar);
        Assert.NotEqual(await own.BytesAsync(), await larger.BytesAsync());
    }

    private async Task<JsonObject> ModelAsync()
    {
        using var client = await host.ReadyAsync();
        using var response = await client.GetAsync($"{TestHost.Base}/models/open", TestContext.Current.CancellationToken);
        return await response.JsonAsync();
    }
}
