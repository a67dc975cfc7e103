using AttentionApi.Core.Loading;
using AttentionApi.Core.Runtime;

namespace AttentionApi.Tests.Loading;

/// <summary>Copies of models whose weights are shuffled.</summary>
public class ShuffledCopyTests
{
    [Theory, InlineData("model.onnx"), InlineData("model_external.onnx"), InlineData("model_quantized.onnx")]
    public async Task A_copy_runs_like_the_model_and_answers_otherwise(string file)
    {
        var cancellation = TestContext.Current.CancellationToken;
        var folder = SharedFixtures.Family("vit");
        var before = Directory.GetFiles(folder, "*.onnx*", SearchOption.AllDirectories).ToDictionary(path => path, File.GetLastWriteTimeUtc);
        string place;
        using (var copy = ShuffledCopy.Of(folder, [$"onnx/{file}"]))
        {
            place = copy.Path;
            var loader = new ModelLoader(FixtureModels.Factory, new Dictionary<string, IReadOnlyList<string>> { ["vit"] = [$"onnx/{file}"] });
            await using var own = await loader.LoadAsync("vit", folder, cancellation);
            await using var shuffled = await loader.LoadAsync("vit", copy.Path, cancellation);
            Assert.Equal((own.Facts.Layers, own.Facts.Heads, own.Facts.Tokens), (shuffled.Facts.Layers, shuffled.Facts.Heads, shuffled.Facts.Tokens));
            Assert.NotEqual(own.Facts.Sha256, file == "model_external.onnx" ? "" : shuffled.Facts.Sha256);
            var picture = LoadedModels.PictureFile(SharedFixtures.Family("vit", "image.png"));
            var attention = new List<float[]>();
            foreach (var model in (LoadedModel[])[own, shuffled])
                attention.Add((await model.AnalyzeAsync(picture, ActivationParts.MeanAttention, new(), cancellation)).Activations.MeanAttention!);
            Assert.True(ReferenceArrays.LargestDifference(attention[0], attention[1]) > 0.01f);
        }
        Assert.False(Directory.Exists(place));
        Assert.All(before, path => Assert.Equal(path.Value, File.GetLastWriteTimeUtc(path.Key)));
    }
}
