using AttentionApi.Core.Runtime.Sessions;
using Microsoft.ML.OnnxRuntime;

namespace AttentionApi.Tests.Cli;

/// <summary><c>models instrument</c>: copies that plain ONNX Runtime runs, with the reference's attention among their outputs.</summary>
public sealed class InstrumentCommandTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    private string Copy => folder.At("copies", "copy.onnx");

    [Theory]
    [InlineData("vit", "onnx/model.onnx")]
    [InlineData("vit", "onnx/model_external.onnx")]
    [InlineData("vit", "onnx/model_dynamo23.onnx")]
    [InlineData("vit", "onnx/model_legacy_fused_mha.onnx")]
    [InlineData("vit", "onnx/model_fp16.onnx")]
    [InlineData("vit", "onnx/model_quantized.onnx")]
    [InlineData("clip", "onnx/vision_model.onnx")]
    public async Task A_copy_gives_the_same_answer_and_the_reference_attention_in_plain_ONNX_Runtime(string family, string file)
    {
        var variant = new FixtureVariant(family, file);
        Assert.SkipUnless(variant.IsPresent, $"{variant} is not in the repository.");
        var original = SharedFixtures.Family(family, file.Split('/'));
        var result = await CommandLine.RunAsync("models", "instrument", original, "-o", Copy, "--outputs", "attention,mean,hidden");
        Assert.True(result.ExitCode == 0, result.Error);

        var pixels = variant.Expected.Floats("pixel_values");
        var before = Run(original, variant.Expected.Shape("pixel_values"), pixels);
        var after = Run(Copy, variant.Expected.Shape("pixel_values"), pixels);
        foreach (var (name, values) in before) Assert.True(ReferenceArrays.LargestDifference(values, after[name]) <= variant.Tolerance, $"{name} differs");

        var layers = variant.ExpectedSites("vision");
        var attention = FixtureModels.Concat(Enumerable.Range(1, layers).Select(layer => after[$"attention.{layer}"]));
        Assert.True(ReferenceArrays.LargestDifference(variant.Expected.Floats("attentions"), attention) <= variant.Tolerance);
        var heads = variant.Expected.Meta.GetProperty("heads").GetInt32();
        Assert.Equal(after["attention.1"].Length, heads * after["attention_mean.1"].Length);
        var hidden = FixtureModels.Concat(Enumerable.Range(0, layers + 1).Select(layer => after[$"hidden.{layer}"]));
        Assert.Equal(variant.Expected.Floats("hidden_states").Length, hidden.Length);
        if (variant.Precision == "fp32") Assert.True(ReferenceArrays.LargestDifference(variant.Expected.Floats("hidden_states"), hidden) <= 1e-3f);
        Assert.Equal([.. before.Keys, .. result.Output.Split('\n')[1].Trim().Split(' ')], after.Keys.ToArray());
    }

    [Fact]
    public async Task The_original_bytes_stay_as_they_are_and_only_the_chosen_outputs_follow()
    {
        var original = SharedFixtures.Family("vit", "onnx", "model.onnx");
        Assert.Equal(0, (await CommandLine.RunAsync("models", "instrument", original, "-o", Copy, "--fromLayer", "3", "--toLayer", "9")).ExitCode);
        var bytes = await File.ReadAllBytesAsync(original, TestContext.Current.CancellationToken);
        Assert.True((await File.ReadAllBytesAsync(Copy, TestContext.Current.CancellationToken)).AsSpan().StartsWith(bytes));
        using var session = new InferenceSession(Copy);
        Assert.Equal(["attention.3", "attention.4"], session.OutputMetadata.Keys.Where(name => name.StartsWith("attention", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData("--outputs takes attention, mean, hidden", "--outputs", "everything")]
    [InlineData("none from 5 on", "--fromLayer", "5")]
    [InlineData("Layers count from 1", "--fromLayer", "0")]
    public async Task What_is_wrong_is_told_and_nothing_is_written(string sentence, params string[] arguments)
    {
        var result = await CommandLine.RunAsync(["models", "instrument", SharedFixtures.Family("vit", "onnx", "model.onnx"), "-o", Copy, .. arguments]);
        Assert.Equal(1, result.ExitCode);
        Assert.Contains(sentence, result.Error, StringComparison.Ordinal);
        Assert.False(File.Exists(Copy));
    }

    [Fact]
    public async Task A_copy_never_replaces_its_original()
    {
        File.Copy(SharedFixtures.Family("vit", "onnx", "model.onnx"), folder.At("model.onnx"));
        var result = await CommandLine.RunAsync("models", "instrument", folder.At("model.onnx"), "-o", folder.At("model.onnx"));
        Assert.Equal(1, result.ExitCode);
        Assert.Contains("would replace the model itself", result.Error, StringComparison.Ordinal);
    }

    private static Dictionary<string, float[]> Run(string path, int[] shape, float[] pixels)
    {
        using var session = new InferenceSession(path);
        var (name, type) = session.InputMetadata.Select(input => (input.Key, input.Value.ElementDataType)).Single();
        using var input = Tensors.FromFloats(pixels, [.. shape.Select(size => (long)size)], type);
        using var options = new RunOptions();
        using var values = session.Run(options, [name], [input], session.OutputNames);
        return session.OutputNames.Zip(values, (output, value) => (output, Tensors.ToFloats(value))).ToDictionary(pair => pair.output, pair => pair.Item2);
    }
}
