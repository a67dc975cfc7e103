using AttentionApi.Core.Analysis;
using AttentionApi.Core.Catalog;
using AttentionApi.Core.Loading;
using AttentionApi.Core.Models;
using AttentionApi.Core.Runtime;
using AttentionApi.Core.Runtime.Sessions;
using Microsoft.Extensions.Logging.Abstractions;

namespace AttentionApi.Tests.Catalog;

/// <summary>The models folder as people use it: files come, change and go while requests are answered.</summary>
public sealed class ModelCatalogTests : IAsyncDisposable
{
    private readonly TemporaryFolder folder = new();
    private readonly List<ModelCatalog> catalogs = [];
    private readonly Clock clock = new();
    private Exception? failure;
    private int loads;

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    private ModelCatalog Open(int maxLoaded = 4, SessionFactory? factory = null)
    {
        var loader = new ModelLoader(factory ?? FixtureModels.Factory, new Dictionary<string, IReadOnlyList<string>>());
        var catalog = new ModelCatalog(new(folder.Path, null, maxLoaded), (found, cancellation) =>
        {
            Interlocked.Increment(ref loads);
            if (failure is not null) throw failure;
            return loader.LoadAsync(found.Id, found.Path, cancellation);
        }, NullLogger<ModelCatalog>.Instance, clock);
        catalogs.Add(catalog);
        catalog.Refresh(atStart: true);
        return catalog;
    }

    private void Put(string id) => File.Copy(SharedFixtures.Family("vit", "onnx", "model.onnx"), folder.At($"{id}.onnx"), overwrite: true);

    private static ModelStatus? StatusOf(ModelCatalog catalog, string id) => catalog.Find(id)?.Status;

    [Fact]
    public void A_model_dropped_in_is_listed_once_two_looks_saw_it_unchanged()
    {
        var catalog = Open();
        Put("a");
        catalog.Refresh();
        Assert.Null(catalog.Find("a"));
        File.AppendAllText(folder.At("a.onnx"), "still being copied");
        catalog.Refresh();
        Assert.Null(catalog.Find("a"));
        catalog.Refresh();
        Assert.Equal(ModelStatus.Unloaded, StatusOf(catalog, "a"));
    }

    [Fact]
    public async Task A_model_removed_in_use_serves_its_request_and_takes_no_new_one()
    {
        Put("a");
        var catalog = Open();
        using (var lease = await catalog.LeaseAsync("a", Cancelled))
        {
            File.Delete(folder.At("a.onnx"));
            catalog.Refresh();
            Assert.Null(catalog.Find("a"));
            Assert.Equal(4, lease.Model.Facts.Layers);
            var analysis = await lease.Model.AnalyzeAsync(
                new Picture(await File.ReadAllBytesAsync(SharedFixtures.Family("vit", "image.png"), Cancelled), AttentionApi.Core.Imaging.ImageLimits.Default),
                ActivationParts.Output, new AttentionApi.Core.Diagnostics.StageTimings(), Cancelled);
            Assert.Equal(1, analysis.ModelRuns);
        }
        await Assert.ThrowsAsync<ModelRefusedException>(() => catalog.LeaseAsync("a", Cancelled));
    }

    [Fact]
    public async Task The_least_recently_used_model_is_unloaded_first()
    {
        foreach (var id in new[] { "a", "b", "c" }) Put(id);
        var catalog = Open(maxLoaded: 2);
        foreach (var id in new[] { "a", "b", "a", "c" }) (await catalog.LeaseAsync(id, Cancelled)).Dispose();
        Assert.Equal([ModelStatus.Ready, ModelStatus.Unloaded, ModelStatus.Ready], catalog.List().Select(model => model.Status));
    }

    [Fact]
    public async Task Callers_of_one_model_share_one_load()
    {
        Put("a");
        var catalog = Open();
        var leases = await Task.WhenAll(Enumerable.Range(0, 16).Select(_ => catalog.LeaseAsync("a", Cancelled)));
        Assert.Equal(1, loads);
        Assert.All(leases, lease => Assert.Same(leases[0].Model, lease.Model));
        foreach (var lease in leases) lease.Dispose();
    }

    [Fact]
    public async Task Every_bad_file_is_listed_with_its_reason_and_harms_no_other_model()
    {
        var bad = Directory.GetFiles(SharedFixtures.InShared("fixtures", "models", "bad"), "*.onnx");
        foreach (var file in bad) folder.Copy(file);
        Put("good");
        var catalog = Open();
        // Sound models without attention: they serve the methods that need their answers alone.
        string[] answering = ["cnn_no_attention", "softmax_head_only"];
        foreach (var id in answering)
        {
            using var served = await catalog.LeaseAsync(id, Cancelled);
            Assert.Equal(ModelStatus.Ready, StatusOf(catalog, id));
        }
        foreach (var id in bad.Select(file => Path.GetFileNameWithoutExtension(file)!).Except(answering))
        {
            await Assert.ThrowsAsync<ModelRefusedException>(() => catalog.LeaseAsync(id, Cancelled));
            var entry = catalog.Find(id)!;
            Assert.Equal(ModelStatus.Refused, entry.Status);
            Assert.Contains(id, entry.Reason, StringComparison.Ordinal);
        }
        using var lease = await catalog.LeaseAsync("good", Cancelled);
        Assert.Equal(ModelStatus.Ready, StatusOf(catalog, "good"));
    }

    [Fact]
    public async Task A_load_that_fails_for_a_passing_reason_is_tried_again_after_a_while()
    {
        Put("a");
        var catalog = Open();
        foreach (var passing in new Exception[] { new InsufficientMemoryException(), new ModelRefusedException("The disk is away.", null) { MayPass = true } })
        {
            failure = passing;
            var before = loads;
            await Assert.ThrowsAsync<ModelRefusedException>(() => catalog.LeaseAsync("a", Cancelled));
            await Assert.ThrowsAsync<ModelRefusedException>(() => catalog.LeaseAsync("a", Cancelled));
            Assert.Equal((before + 1, ModelStatus.Refused), (loads, StatusOf(catalog, "a")));
            clock.Now += TimeSpan.FromSeconds(11);
            Assert.Equal(ModelStatus.Unloaded, StatusOf(catalog, "a"));
        }
        failure = null;
        using var lease = await catalog.LeaseAsync("a", Cancelled);
        Assert.Equal(ModelStatus.Ready, StatusOf(catalog, "a"));
    }

    [Fact]
    public async Task A_model_that_cannot_be_used_is_not_tried_again_until_its_files_change()
    {
        Put("a");
        var catalog = Open();
        failure = new ModelRefusedException("It has no attention.");
        await Assert.ThrowsAsync<ModelRefusedException>(() => catalog.LeaseAsync("a", Cancelled));
        clock.Now += TimeSpan.FromDays(1);
        await Assert.ThrowsAsync<ModelRefusedException>(() => catalog.LeaseAsync("a", Cancelled));
        Assert.Equal((1, ModelStatus.Refused), (loads, StatusOf(catalog, "a")));
    }

    [Fact]
    public void A_models_folder_that_vanishes_leaves_the_known_models_listed()
    {
        Put("a");
        var catalog = Open();
        Directory.Move(folder.Path, folder.Path + "-away");
        catalog.Refresh();
        Directory.Move(folder.Path + "-away", folder.Path);
        Assert.Equal(ModelStatus.Unloaded, StatusOf(catalog, "a"));
    }

    [Fact]
    public async Task Where_the_cache_folder_cannot_be_made_the_model_is_loaded_from_memory()
    {
        Put("a");
        using var elsewhere = new TemporaryFolder();
        elsewhere.Write("file", "");
        using var lease = await Open(factory: WithCache(elsewhere.At("file", "cache"))).LeaseAsync("a", Cancelled);
        Assert.Equal(4, lease.Model.Facts.Layers);
    }

    [Fact]
    public async Task Two_catalogues_share_one_models_folder_and_one_cache()
    {
        Put("a");
        using var cache = new TemporaryFolder();
        var leases = await Task.WhenAll(Enumerable.Range(0, 2).Select(_ => Open(factory: WithCache(cache.Path))).ToArray().Select(catalog =>
            catalog.LeaseAsync("a", Cancelled)));
        Assert.NotSame(leases[0].Model, leases[1].Model);
        Assert.NotEmpty(Directory.GetFiles(cache.Path));
        Assert.All(Directory.GetFiles(cache.Path), file => Assert.EndsWith(".onnx", file, StringComparison.Ordinal));
        foreach (var lease in leases) lease.Dispose();
    }

    private static SessionFactory WithCache(string path) => new(
        new InferenceOptions { ExecutionProvider = ExecutionProvider.Cpu, ThreadsPerSession = 1 },
            new InstrumentedModelCache(path, NullLogger<InstrumentedModelCache>.Instance));

    private sealed class Clock : TimeProvider
    {
        public DateTimeOffset Now { get; set; } = DateTimeOffset.UnixEpoch;
        public override DateTimeOffset GetUtcNow() => Now;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var catalog in catalogs) await catalog.DisposeAsync();
        folder.Dispose();
    }
}
