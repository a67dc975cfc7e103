using AttentionApi.Core.Diagnostics;
using AttentionApi.Core.Imaging;
using AttentionApi.Core.Loading;
using AttentionApi.Core.Loading.Probing;
using AttentionApi.Core.Models.Folders;
using AttentionApi.Core.Runtime;
using AttentionApi.Core.Runtime.Sessions;
using Microsoft.ML.OnnxRuntime;

namespace AttentionApi.Tests.Loading;

/// <summary>
/// Forward passes with fixed memory, as on a GPU that records CUDA graphs. The GPU is made up: the sessions compute on the processor and the memory is the
/// host's, but the graphs, the copies and the batches are the same.
/// </summary>
public class DeviceForwardTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private static SessionFactory Factory(bool graphs = true, params int[] devices) =>
        new(new InferenceOptions { ExecutionProvider = ExecutionProvider.Auto, CudaGraphs = graphs, Devices = devices }, appendCuda: (_, _) => { });

    public static MatrixTheoryData<FixtureVariant, bool> Towers => new([.. FixtureVariant.All(vision: true)], [false, true]);

    [Theory]
    [MemberData(nameof(Towers))]
    public async Task A_forward_pass_with_fixed_memory_gives_what_a_run_gives(FixtureVariant variant, bool recorded)
    {
        using var towers = TowerLoader.Load(ModelFolder.Open(SharedFixtures.Family(variant.Family), [variant.File]), Factory(recorded));
        var tower = towers.Vision;
        using var onDevice = Assert.Single(DeviceForwardLoader.Open(tower, Factory(recorded)));
        var parts = tower.ReadOut is null ? DeviceForward.Parts & ~ActivationParts.ReadOut : DeviceForward.Parts;
        var pictures = Enumerable.Range(0, Math.Min(3, onDevice.Most)).Select(i => Picture(tower, 1 - 0.4f * i)).ToList();
        await using var forward = new ForwardPass(variant.Family, tower with { LargestBatch = 1 }, new SessionPool([tower.Session], 1));
        var given = onDevice.Run(pictures, parts, Plain);
        void Plain(IReadOnlyCollection<string> inputNames, IReadOnlyCollection<OrtValue> inputs, IReadOnlyCollection<string> outputNames,
            IReadOnlyCollection<OrtValue> outputs)
        {
            Assert.False(recorded);
            using var options = new RunOptions();
            tower.Session.Run(options, inputNames, inputs, outputNames, outputs);
        }
        Assert.All(given, activations => Assert.Equal(parts, activations.Parts));
        foreach (var (picture, activations) in pictures.Zip(given))
        {
            var expected = await forward.RunAsync(picture, parts, new StageTimings(), Cancellation);
            if (tower.OutputKind == VisionOutputKind.ImageEmbedding) ForwardPass.Normalise(activations.Output);
            foreach (var (right, array) in expected.Arrays.Zip(activations.Arrays)) AssertClose(right, array, variant.Precision);
        }
    }

    [Theory]
    [InlineData(true, 0)]
    [InlineData(false, 0)]
    [InlineData(true, 0, 1)]
    public async Task Many_callers_at_once_get_the_answers_of_their_own_pictures(bool recorded, params int[] devices)
    {
        var loader = new ModelLoader(Factory(recorded, devices), new Dictionary<string, IReadOnlyList<string>>());
        await using var model = await loader.LoadAsync("clip", SharedFixtures.Family("clip"), Cancellation);
        using var towers = FixtureModels.Load("clip");
        var tower = towers.Vision;
        await using var plain = new ForwardPass("clip", tower with { LargestBatch = 1 }, new SessionPool([tower.Session], 1));
        ActivationParts[] parts = [ActivationParts.MeanAttention, ActivationParts.MeanAttention | ActivationParts.TokenNorms, ActivationParts.ReadOut,
            ActivationParts.HeadAttention];
        var calls = Enumerable.Range(0, 120).Select(i => (Picture: Picture(tower, 1 - i / 100f), Parts: parts[i % parts.Length])).ToList();
        var answers = await Task.WhenAll(calls.Select(call => Task.Run(() =>
            model.Vision.RunAsync(call.Picture, call.Parts, new StageTimings(), Cancellation), Cancellation)));
        foreach (var (call, answer) in calls.Zip(answers))
        {
            var expected = await plain.RunAsync(call.Picture, call.Parts, new StageTimings(), Cancellation);
            Assert.Equal(call.Parts, answer.Parts);
            foreach (var (right, array) in expected.Arrays.Zip(answer.Arrays)) AssertClose(right, array, "fp32");
        }
    }

    [Fact]
    public async Task A_caller_that_leaves_ends_no_other_run()
    {
        var loader = new ModelLoader(Factory(), new Dictionary<string, IReadOnlyList<string>>());
        await using var model = await loader.LoadAsync("vit", SharedFixtures.InShared("fixtures", "models", "vit"), Cancellation);
        using var towers = FixtureModels.Load("vit", "onnx/model.onnx");
        var calls = Enumerable.Range(0, 40).Select(i =>
        {
            var leaving = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
            var picture = Picture(towers.Vision, 1);
            var run = Task.Run(() => model.Vision.RunAsync(picture, ActivationParts.MeanAttention, new StageTimings(), leaving.Token), Cancellation);
            if (i % 2 == 1) leaving.Cancel();
            return run;
        }).ToList();
        for (var i = 0; i < calls.Count; i += 2) Assert.NotEmpty((await calls[i]).MeanAttention!);
        for (var i = 1; i < calls.Count; i += 2) await Assert.ThrowsAnyAsync<OperationCanceledException>(() => calls[i]);
    }

    [Fact]
    public void A_model_that_cannot_be_recorded_runs_kernel_by_kernel()
    {
        using var towers = TowerLoader.Load(ModelFolder.Open(SharedFixtures.Family("vit"), ["onnx/model.onnx"]), Factory());
        var made = 0;
        // The first session is the factory's own trial, the second the one that records.
        var factory = new SessionFactory(new InferenceOptions { ExecutionProvider = ExecutionProvider.Auto }, appendCuda: (options, _) =>
        {
            if (++made == 2) options.AppendExecutionProvider("no such provider");
        });
        using var onDevice = Assert.Single(DeviceForwardLoader.Open(towers.Vision, factory));
        Assert.Equal(Enumerable.Range(1, onDevice.Most), onDevice.Sizes);
        using var recorded = Assert.Single(DeviceForwardLoader.Open(towers.Vision, Factory()));
        Assert.Equal([1, 2, 4, 8, 12, 16, 24, 32], recorded.Sizes);
    }

    [Fact]
    public void On_the_processor_there_is_no_memory_of_a_GPU()
    {
        using var towers = FixtureModels.Load("vit", "onnx/model.onnx");
        Assert.Empty(DeviceForwardLoader.Open(towers.Vision, FixtureModels.Factory));
    }

    [Fact]
    public void A_thread_of_a_session_hands_on_what_its_work_throws()
    {
        using var thread = new SessionThread("test");
        Assert.Throws<InvalidOperationException>(() => thread.Run(() => throw new InvalidOperationException()));
        var name = "";
        thread.Run(() => name = Thread.CurrentThread.Name);
        Assert.Equal("test", name);
    }

    private static ModelInput Picture(VisionTower tower, float scale)
    {
        var pixels = PlainModel.Picture(new ImageInput(tower.InputName, tower.InputType, tower.ImageSize)).Select(value => scale * value);
        return new([.. pixels], tower.ImageSize.Width, tower.ImageSize.Height, default);
    }

    private static void AssertClose(float[] expected, float[] given, string precision)
    {
        Assert.Equal(expected.Length, given.Length);
        var allowed = (precision == "fp32" ? 1e-5f : 2e-3f) * expected.Select(Math.Abs).DefaultIfEmpty().Max();
        Assert.All(expected.Zip(given), pair => Assert.True(Math.Abs(pair.First - pair.Second) <= allowed, $"{pair.First} {pair.Second}"));
    }
}
