using System.Collections.Concurrent;
using AttentionApi.Core.Catalog;
using AttentionApi.Core.Loading;
using AttentionApi.Core.Models;
using Microsoft.Extensions.Logging.Abstractions;

namespace AttentionApi.Tests.Catalog;

/// <summary>However many models are asked for at once, so many are held as there is room for, and no load holds others up for good.</summary>
public sealed class ModelRoomTests : IAsyncDisposable
{
    private readonly TemporaryFolder folder = new();
    private readonly ConcurrentQueue<string> begun = new();
    private ModelCatalog? catalog;
    private int loading, mostLoading, held, mostHeld;

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    /// <summary>What a load waits for before it loads.</summary>
    private Func<FoundModel, CancellationToken, Task> before = (_, _) => Task.CompletedTask;

    private ModelCatalog Open(int maxLoaded, params string[] ids)
    {
        foreach (var id in ids) File.Copy(SharedFixtures.Family("vit", "onnx", "model.onnx"), folder.At($"{id}.onnx"));
        catalog = new ModelCatalog(new(folder.Path, ids[0], maxLoaded), LoadAsync, NullLogger<ModelCatalog>.Instance, TimeProvider.System);
        catalog.Refresh(atStart: true);
        return catalog;
    }

    private async Task<LoadedModel> LoadAsync(FoundModel found, CancellationToken cancellation)
    {
        begun.Enqueue(found.Id);
        Most(ref mostLoading, Interlocked.Increment(ref loading));
        Most(ref mostHeld, Interlocked.Increment(ref held));
        try
        {
            await before(found, cancellation);
            var model = await LoadedModels.LoadAsync(found.Path);
            model.Unloaded += () => Interlocked.Decrement(ref held);
            return model;
        }
        catch
        {
            Interlocked.Decrement(ref held);
            throw;
        }
        finally
        {
            Interlocked.Decrement(ref loading);
        }
    }

    private static void Most(ref int most, int now)
    {
        for (var known = Volatile.Read(ref most); now > known; known = Volatile.Read(ref most)) Interlocked.CompareExchange(ref most, now, known);
    }

    private async Task UseAsync(string id)
    {
        using var lease = await catalog!.LeaseAsync(id, Cancelled);
        await Task.Delay(2, Cancelled);
    }

    private ModelStatus Status(string id) => catalog!.Find(id)!.Status;

    [Fact]
    public async Task Models_that_are_being_loaded_take_room_and_two_are_loaded_at_a_time()
    {
        Open(3, "a", "b", "c", "d", "e", "f", "g");
        await UseAsync("a");
        await Task.WhenAll(Enumerable.Range(0, 60).Select(call => Task.Run(() => UseAsync("abcdefg"[call % 7].ToString()), Cancelled)));
        Assert.InRange(mostHeld, 2, 3);
        Assert.InRange(mostLoading, 1, 2);
    }

    [Fact]
    public async Task Requests_for_other_models_never_unload_the_default_one()
    {
        Open(2, "a", "b", "c", "d");
        await UseAsync("a");
        foreach (var id in (string[])["b", "c", "d", "b", "c", "d"]) await UseAsync(id);
        Assert.Equal(ModelStatus.Ready, Status("a"));
        Assert.Single(begun, "a");
    }

    [Fact]
    public async Task With_room_for_one_model_others_are_refused_in_words_while_the_default_one_has_it()
    {
        Open(1, "a", "b");
        await UseAsync("a");
        var refusal = await Assert.ThrowsAsync<ModelRefusedException>(() => UseAsync("b"));
        Assert.Equal("The model 'b' is not loaded: there is room for one model, and the default model 'a' keeps it.", refusal.Message);
        Assert.Equal((ModelStatus.Ready, ModelStatus.Unloaded), (Status("a"), Status("b")));
    }

    [Fact]
    public async Task A_model_waits_for_room_until_one_in_use_is_given_back()
    {
        Open(2, "a", "b", "c");
        await UseAsync("a");
        var lease = await catalog!.LeaseAsync("b", Cancelled);
        var waiting = catalog.LeaseAsync("c", Cancelled);
        await Task.Delay(100, Cancelled);
        Assert.False(waiting.IsCompleted);
        Assert.DoesNotContain("c", begun);
        lease.Dispose();
        (await waiting).Dispose();
        Assert.Equal([ModelStatus.Ready, ModelStatus.Unloaded, ModelStatus.Ready], catalog.List().Select(model => model.Status));
    }

    [Fact]
    public async Task A_load_that_nobody_waits_for_any_more_is_cancelled_and_begins_anew_for_the_next_caller()
    {
        Open(2, "a", "b");
        await UseAsync("a");
        before = (_, cancellation) => Task.Delay(Timeout.Infinite, cancellation);
        using (var leaving = new CancellationTokenSource())
        {
            var first = catalog!.LeaseAsync("b", leaving.Token);
            var second = catalog.LeaseAsync("b", Cancelled);
            await leaving.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);
            await Task.Delay(50, Cancelled);
            // The second caller still waits.
            Assert.Equal(ModelStatus.Loading, Status("b"));
            Assert.False(second.IsCompleted);
            before = (_, _) => Task.CompletedTask;
        }
        using (var leaving = new CancellationTokenSource(50))
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => catalog!.LeaseAsync("b", leaving.Token));
        Assert.Equal(ModelStatus.Loading, Status("b"));
    }

    [Fact]
    public async Task A_cancelled_load_frees_its_room()
    {
        Open(2, "a", "b", "c");
        await UseAsync("a");
        before = (_, cancellation) => Task.Delay(Timeout.Infinite, cancellation);
        using (var leaving = new CancellationTokenSource(50))
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => catalog!.LeaseAsync("b", leaving.Token));
        Assert.Equal(ModelStatus.Unloaded, Status("b"));
        before = (_, _) => Task.CompletedTask;
        await UseAsync("c");
        await UseAsync("b");
        Assert.Equal(["a", "b", "c", "b"], begun);
    }

    [Fact]
    public async Task A_load_that_hangs_holds_up_neither_another_one_nor_the_end()
    {
        Open(3, "a", "b", "c");
        using var disk = new ManualResetEventSlim();
        // As a read from a disk that never answers: it knows of no cancellation.
        before = (found, _) => found.Id == "b" ? Task.Run(() => disk.Wait(), CancellationToken.None) : Task.CompletedTask;
        using (var leaving = new CancellationTokenSource(50))
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => catalog!.LeaseAsync("b", leaving.Token));
        await UseAsync("a");
        await UseAsync("c");
        await catalog!.DisposeAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(30), Cancelled);
        disk.Set();
    }

    public async ValueTask DisposeAsync()
    {
        if (catalog is not null) await catalog.DisposeAsync();
        folder.Dispose();
    }
}
