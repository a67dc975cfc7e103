using AttentionApi.Contracts;
using AttentionApi.Core.Catalog;
using AttentionApi.Core.Explain.Methods;
using AttentionApi.Core.Imaging;
using AttentionApi.Core.Loading;
using AttentionApi.Core.Loading.Gradients;
using AttentionApi.Core.Models;
using AttentionApi.Core.Models.Folders;
using AttentionApi.Core.Onnx.Backward;
using AttentionApi.Core.Runtime;
using AttentionApi.Core.Runtime.Sessions;
using AttentionApi.Core.Text;
using AttentionApi.Tests.Api;

namespace AttentionApi.Tests.Loading;

/// <summary>What is told of a model's gradients when they are first made, or tried beforehand: of every method that the reason concerns.</summary>
public class GradientFactsTests
{
    private static readonly string[] ByGradients = ["chefer", "gradEclip", "leGrad", "libra"];

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private static MadeOnce<TowerGradients> Refusing(string reason, bool mayPass = false) =>
        new(_ => throw new ModelRefusedException(reason) { MayPass = mayPass });

    /// <summary>A tiny model with other gradients; null: those of its vision tower.</summary>
    private static async Task<LoadedModel> LoadAsync(
        string family, string[] files, MadeOnce<TowerGradients>? gradients = null, MadeOnce<TowerGradients>? text = null)
    {
        var folder = ModelFolder.Open(SharedFixtures.Family(family), files);
        await using var model = await LoadedModels.LoadAsync(SharedFixtures.Family(family));
        var towers = TowerLoader.Load(folder, FixtureModels.Factory);
        var facts = model.Facts with { Gradients = towers.Gradients, TextGradients = towers.TextGradients };
        return new LoadedModel(facts, model.Preprocessor.Config, new ForwardPass(family, towers.Vision, new SessionPool([towers.Vision.Session], 1)),
            gradients ?? new(_ => Task.FromResult(GradientLoader.Open(FixtureModels.Factory, towers.Vision, facts.Gradients))), towers.Text is null ? null
                : new(new(towers.Text, new SessionPool([towers.Text.Session], 1), TokenizerFactory.Open(folder.TextConfig, towers.Config.TextLength), null),
                    text));
    }

    private static Model Told(LoadedModel model) =>
        Model.From(new ModelEntry(model.Facts.Id, false, ModelStatus.Ready, null, model.Facts), BuiltInMethods.Registry);

    [Fact]
    public async Task A_failure_of_the_whole_tower_shows_for_every_method_that_uses_gradients()
    {
        const string reason = "its file was replaced by another";
        await using var model = await LoadAsync("vit", ["onnx/model.onnx"], Refusing(reason));
        Assert.Superset(ByGradients.ToHashSet(), Told(model).Methods.ToHashSet());
        var blank = new ModelInput(new float[3 * 48 * 48], 48, 48, new Region(0, 0, 48, 48));
        await Assert.ThrowsAsync<ModelRefusedException>(() => model.TapeAsync(blank, GradientKind.Plain, Cancellation));

        Assert.All(ByGradients, method => Assert.Equal(reason, Told(model).Unavailable.Single(one => one.Method == method).Reason));
        Assert.Contains("rollout", Told(model).Methods);
    }

    [Fact]
    public async Task What_may_pass_is_thrown_and_not_noted()
    {
        await using var model = await LoadAsync("vit", ["onnx/model.onnx"], Refusing("the memory is short", mayPass: true));
        await Assert.ThrowsAsync<ModelRefusedException>(() => model.TryGradientsAsync(Cancellation));
        Assert.Equal((null, null), (model.Facts.Gradients.PlainMissing, model.Facts.Gradients.LibraMissing));
    }

    [Fact]
    public async Task Trying_gradients_notes_what_is_refused_on_the_side_of_the_text()
    {
        const string reason = "the text tower was replaced by another";
        await using var model = await LoadAsync("clip", ["onnx/vision_model.onnx", "onnx/text_model.onnx"], text: Refusing(reason));
        Assert.Empty(model.Facts.TextGradientWarnings);
        await model.TryGradientsAsync(Cancellation);
        Assert.Superset(ByGradients.ToHashSet(), Told(model).Methods.ToHashSet());
        Assert.Contains($"Methods that use gradients cannot weigh text tokens: {reason}.", Told(model).Warnings);
    }

    [Theory, InlineData("vit"), InlineData("clip"), InlineData("siglip"), InlineData("beit"), InlineData("dinov2"), InlineData("dinov2_registers")]
    public async Task Trying_gradients_refuses_nothing_that_the_references_have(string family)
    {
        await using var model = await LoadedModels.LoadAsync(SharedFixtures.Family(family));
        var before = Told(model);
        await model.TryGradientsAsync(Cancellation);
        Assert.Equal(before.Methods, Told(model).Methods);
        Assert.Equal(before.Warnings, Told(model).Warnings);
    }

    [Fact]
    public async Task Weights_of_text_tokens_are_refused_before_the_picture_is_read_where_there_are_no_such_gradients()
    {
        using var folder = new TemporaryFolder();
        FixtureFolder("siglip", folder.At("siglip"));
        await using var host = new TestHost(("Models:Path", folder.Path), ("Models:Default", "siglip"),
            ("Models:Files", "siglip=onnx/vision_model.onnx,onnx/text_model_dynamo23.onnx"));
        using var client = await host.ReadyAsync();
        foreach (var method in ByGradients.Where(method => method != "gradEclip"))
        {
            using var response = await client.SendAsync($"explain?method={method}&labels=cat,dog,noise&textTokens=true", "no picture"u8.ToArray());
            var detail = (string?)(await response.ProblemAsync(400, "textTokens"))["detail"];
            Assert.Contains("the text tower takes several texts at once only. Leave 'textTokens' out", detail, StringComparison.Ordinal);
        }
        using var served = await client.GetAsync($"{TestHost.Base}/models/siglip", Cancellation);
        Assert.Contains("Methods that use gradients cannot weigh text tokens: the text tower takes several texts at once only.",
            (await served.JsonAsync())["warnings"]!.AsArray().Select(warning => (string?)warning));
    }

    private static void FixtureFolder(string family, string target)
    {
        Directory.CreateDirectory(Path.Combine(target, "onnx"));
        var source = SharedFixtures.InShared("fixtures", "models", family);
        foreach (var file in Directory.GetFiles(source, "*.json")) File.Copy(file, Path.Combine(target, Path.GetFileName(file)));
        foreach (var name in (string[])["vision_model.onnx", "text_model_dynamo23.onnx"])
            File.Copy(SharedFixtures.InShared("fixtures", "models", family, "onnx", name), Path.Combine(target, "onnx", name));
    }
}
