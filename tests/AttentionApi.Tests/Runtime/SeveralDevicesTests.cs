using AttentionApi.Core.Diagnostics;
using AttentionApi.Core.Imaging;
using AttentionApi.Core.Loading;
using AttentionApi.Core.Models;
using AttentionApi.Core.Runtime;

namespace AttentionApi.Tests.Runtime;

/// <summary>Several GPUs, made up: the sessions compute on the processor, and the factory notes for which device each was made.</summary>
public class SeveralDevicesTests
{
    private readonly List<int> made = [];

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private SessionFactory Factory(params int[] devices) =>
        new(new InferenceOptions { ExecutionProvider = ExecutionProvider.Auto, Devices = devices }, appendCuda: (_, device) => made.Add(device));

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
        var batches = new PictureBatches(pool, _ => 4, (lease, pictures, _, _) =>
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
