using AttentionApi.Core.Diagnostics;
using AttentionApi.Core.Imaging;
using AttentionApi.Core.Loading;
using AttentionApi.Core.Loading.Gradients;
using AttentionApi.Core.Loading.Probing;
using AttentionApi.Core.Models.Folders;
using AttentionApi.Core.Onnx.Backward;
using AttentionApi.Core.Runtime;
using AttentionApi.Core.Runtime.Sessions;
using Microsoft.ML.OnnxRuntime;

namespace AttentionApi.Tests.Runtime;

/// <summary>Several GPUs, made up: the sessions compute on the processor, and the factory notes for which device each was made.</summary>
public class SeveralDevicesTests
{
    private readonly List<int> made = [];

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private SessionFactory Factory(params int[] devices) =>
        new(new InferenceOptions { ExecutionProvider = ExecutionProvider.Auto, Devices = devices }, appendCuda: (_, device) => made.Add(device));

    [Fact]
    public async Task What_belongs_to_a_run_lies_on_its_device_and_texts_on_the_first()
    {
        var factory = Factory(3, 5);
        made.Clear();
        using (var towers = TowerLoader.Load(ModelFolder.Open(SharedFixtures.Family("clip")), factory))
        {
            var vision = towers.Vision;
            // The final norm and the read-out, beside what is tried while the model is loaded.
            Assert.Equal(2, made.Count(device => device == 5));
            foreach (var part in (Func<VisionTower, ReadOutSession>[])[tower => tower.ReadOut!, tower => tower.FinalNorm!])
            {
                Assert.Equal(2, part(vision).Sessions.Count);
                Assert.Same(part(vision).Session, part(vision.On(2)).Session);
                Assert.NotSame(part(vision).Session, part(vision.On(1)).Session);
            }
            foreach (var (place, device) in ((int, int)[])[(0, 3), (1, 5)])
            {
                made.Clear();
                Assert.NotNull(vision.On(place).Blocks!.Mix);
                Assert.Same(vision.On(place).Blocks!.Mix, vision.On(place + 2).At(vision.ImageSize).Blocks!.Mix);
                Assert.Equal([device], made);
            }
        }

        made.Clear();
        var loader = new ModelLoader(factory, new Dictionary<string, IReadOnlyList<string>>());
        await using var model = await loader.LoadAsync("clip", SharedFixtures.Family("clip"), Cancellation);
        // Read-out, norm, two for copies, one that records and, at last, the vision tower's second session: the text tower has none.
        Assert.Equal((6, 5), (made.Count(device => device == 5), made[^1]));
    }

    [Fact]
    public async Task Backward_passes_have_a_session_on_each_device()
    {
        var factory = Factory(3, 5);
        using var towers = TowerLoader.Load(ModelFolder.Open(SharedFixtures.Family("vit"), ["onnx/model.onnx"]), factory);
        await using var gradients = GradientLoader.Open(factory, towers.Vision, FixtureModels.UntriedGradients);
        made.Clear();
        using var picture = Tensors.FromFloats(PlainModel.Picture(new ImageInput(towers.Vision.InputName, towers.Vision.InputType, towers.Vision.ImageSize)),
            towers.Vision.InputShape, towers.Vision.InputType);
        var feeds = new Dictionary<string, OrtValue> { [towers.Vision.InputName] = picture };
        var tape = await gradients.ForwardAsync(feeds, [GradientKind.Plain], Cancellation);
        Assert.Equal([3, 5], made);
        var seed = new float[tape.Answer.Length];
        seed[0] = 1;
        await gradients.AllLayersAsync(GradientKind.Plain, tape, [seed], Cancellation);
        Assert.Equal([3, 5, 3, 5], made);
    }

    [Fact]
    public async Task Batches_that_run_at_the_same_time_run_on_different_devices()
    {
        var factory = Factory(3, 5);
        using var towers = TowerLoader.Load(ModelFolder.Open(SharedFixtures.InShared("fixtures", "models", "vit")), factory);
        made.Clear();
        await using var pool = new SessionPool([.. Enumerable.Range(0, factory.Sessions).Select(place => factory.Create(towers.Vision.Model, place))],
            factory.RunsPerSession);
        Assert.Equal([3, 5], made);

        var running = new List<(int Place, int Pictures)>();
        using var changed = new SemaphoreSlim(0);
        using ManualResetEventSlim single = new(), together = new();
        var batches = new PictureBatches(pool, _ => 4, sideBySide: false, (lease, pictures, _, _) =>
        {
            lock (running) running.Add((lease.Place, pictures.Count));
            changed.Release();
            (pictures.Count == 1 ? single : together).Wait(TimeSpan.FromSeconds(20), Cancellation);
            lock (running) running.Remove((lease.Place, pictures.Count));
            return [.. pictures.Select(picture => new Activations { Layers = 1, Heads = 1, Tokens = 1, Output = picture.Pixels })];
        });
        Task<Activations> Send(int picture) =>
            batches.RunAsync(new ModelInput([picture], 1, 1, default), ActivationParts.MeanAttention, new StageTimings(), Cancellation);

        // Two runs a device fill all slots; the eight that wait become two batches.
        List<Task<Activations>> calls = [];
        for (var picture = 0; picture < 4; picture++)
        {
            calls.Add(Send(picture));
            await changed.WaitAsync(Cancellation);
        }
        Assert.Equal([(0, 1), (0, 1), (1, 1), (1, 1)], running.Order());
        calls.AddRange(Enumerable.Range(4, 8).Select(Send));
        single.Set();
        for (var batch = 0; batch < 2; batch++) await changed.WaitAsync(Cancellation);
        Assert.Equal([(0, 4), (1, 4)], running.Order());
        together.Set();
        Assert.Equal(Enumerable.Range(0, 12), (await Task.WhenAll(calls)).Select(answer => (int)answer.Output[0]));
    }
}
