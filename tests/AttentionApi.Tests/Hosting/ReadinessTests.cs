using AttentionApi.Core.Catalog;
using AttentionApi.Core.Loading;
using AttentionApi.Core.Loading.Gradients;
using AttentionApi.Core.Models;
using AttentionApi.Core.Models.Folders;
using AttentionApi.Core.Runtime;
using AttentionApi.Core.Runtime.Sessions;
using AttentionApi.Hosting.Models;
using AttentionApi.Http;
using AttentionApi.Tests.Runtime;
using Microsoft.Extensions.Logging.Abstractions;

namespace AttentionApi.Tests.Hosting;

/// <summary>Ready means that the default model answers, also after a run of it has failed.</summary>
public sealed class ReadinessTests : IAsyncDisposable
{
    private readonly TemporaryFolder folder = new();
    private readonly ModelCatalog catalog;
    private readonly Clock clock = new();
    private readonly ModelCheck check;
    private readonly Readiness readiness;
    private bool broken;
    private Func<int> onLoad = () => 0;

    public ReadinessTests()
    {
        File.Copy(SharedFixtures.Family("vit", "onnx", "model.onnx"), folder.At("vit.onnx"));
        catalog = new(new(folder.Path, null, 4), (found, _) => LoadAsync(found), NullLogger<ModelCatalog>.Instance, TimeProvider.System);
        catalog.Refresh(atStart: true);
        check = new(catalog, clock, NullLogger<ModelCheck>.Instance);
        readiness = new(catalog, check, NullLogger<Readiness>.Instance);
    }

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private static ModelRunException Failed => new(RuntimeFailures.Of("a run has failed"));

    [Fact]
    public async Task Before_the_default_model_is_loaded_the_service_is_not_ready()
    {
        Assert.Equal(503, (await Assert.ThrowsAsync<ProblemException>(() => readiness.EnsureReadyAsync(Cancellation))).Status);
    }

    [Fact]
    public async Task After_a_failed_run_a_model_that_works_passes_the_check()
    {
        using (await catalog.LeaseAsync("vit", Cancellation)) { }
        await readiness.EnsureReadyAsync(Cancellation);
        check.Suspect(Failed);
        await readiness.EnsureReadyAsync(Cancellation);
    }

    [Fact]
    public async Task After_a_failed_run_a_model_that_does_not_work_is_not_ready()
    {
        broken = true;
        using (await catalog.LeaseAsync("vit", Cancellation)) { }
        await readiness.EnsureReadyAsync(Cancellation);
        check.Suspect(Failed);
        for (var time = 0; time < 2; time++)
        {
            var problem = await Assert.ThrowsAsync<ProblemException>(() => readiness.EnsureReadyAsync(Cancellation));
            Assert.Equal(503, problem.Status);
            Assert.Contains("check", problem.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Where_check_after_check_fails_the_process_counts_as_beyond_recovery()
    {
        broken = true;
        using (await catalog.LeaseAsync("vit", Cancellation)) { }
        check.Suspect(Failed);
        for (var time = 0; time < ModelCheck.MostFailures; time++)
        {
            readiness.EnsureAlive();
            // Many callers at once are one check.
            await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => Assert.ThrowsAsync<ProblemException>(() => readiness.EnsureReadyAsync(Cancellation))));
            clock.Now += TimeSpan.FromSeconds(2);
        }
        Assert.Equal(503, Assert.Throws<ProblemException>(readiness.EnsureAlive).Status);
    }

    [Fact]
    public async Task A_check_that_passes_takes_back_the_ones_that_failed()
    {
        broken = true;
        using (await catalog.LeaseAsync("vit", Cancellation)) { }
        check.Suspect(Failed);
        for (var time = 0; time < ModelCheck.MostFailures - 1; time++, clock.Now += TimeSpan.FromSeconds(2))
            Assert.False(await check.PassesAsync(Cancellation));
        broken = false;
        File.SetLastWriteTimeUtc(folder.At("vit.onnx"), DateTime.UtcNow);
        catalog.Refresh();
        catalog.Refresh();
        Assert.True(await check.PassesAsync(Cancellation));
        check.Suspect(Failed);
        broken = true;
        clock.Now += TimeSpan.FromSeconds(2);
        await check.PassesAsync(Cancellation);
        readiness.EnsureAlive();
    }

    [Fact]
    public async Task An_error_of_the_GPU_that_lasts_counts_at_once_even_where_the_default_model_still_answers()
    {
        using (await catalog.LeaseAsync("vit", Cancellation)) { }
        check.Suspect(new ModelRunException(RuntimeFailures.Of("CUDA failure 2: out of memory ; GPU=0 ; hostname=h")));
        await readiness.EnsureReadyAsync(Cancellation);
        readiness.EnsureAlive();
        check.Suspect(new ModelRunException(RuntimeFailures.Of("CUDA failure 700: an illegal memory access was encountered ; GPU=1 ; hostname=h")));
        var dead = Assert.Throws<ProblemException>(readiness.EnsureAlive);
        Assert.Equal(503, dead.Status);
        Assert.Contains("700", dead.Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<ProblemException>(() => readiness.EnsureReadyAsync(Cancellation));
    }

    [Fact]
    public async Task A_GPU_that_fails_while_a_session_is_made_counts_at_once()
    {
        onLoad = () => OrtErrors.Translate<int>("model.onnx", () =>
            throw RuntimeFailures.Of("CUDA failure 719: unspecified launch failure ; GPU=0 ; hostname=h ; expr=cudaStreamCreate(&stream);"));
        await Assert.ThrowsAsync<ModelRefusedException>(() => catalog.LeaseAsync("vit", Cancellation));
        Assert.Contains("719", Assert.Throws<ProblemException>(readiness.EnsureAlive).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_model_that_is_refused_says_nothing_of_the_GPU()
    {
        onLoad = () => throw new ModelRefusedException("no transformer");
        await Assert.ThrowsAsync<ModelRefusedException>(() => catalog.LeaseAsync("vit", Cancellation));
        readiness.EnsureAlive();
        Assert.True(await check.PassesAsync(Cancellation));
    }

    /// <summary>A broken model asks its session for an input that is not there.</summary>
    private async Task<LoadedModel> LoadAsync(FoundModel found)
    {
        onLoad();
        var model = await LoadedModels.LoadAsync(found.Path);
        if (!broken) return model;
        await model.DisposeAsync();
        var vision = TowerLoader.Load(ModelFolder.Open(found.Path), FixtureModels.Factory).Vision with { InputName = "nobody" };
        return new LoadedModel(model.Facts, model.Preprocessor.Config, new ForwardPass("vit", vision, new SessionPool([vision.Session], 1)),
            new MadeOnce<TowerGradients>(_ => Task.FromResult(GradientLoader.Open(FixtureModels.Factory, vision, model.Facts.Gradients))), null);
    }

    private sealed class Clock : TimeProvider
    {
        public DateTimeOffset Now { get; set; } = DateTimeOffset.UnixEpoch;
        public override DateTimeOffset GetUtcNow() => Now;
    }

    public async ValueTask DisposeAsync()
    {
        readiness.Dispose();
        check.Dispose();
        await catalog.DisposeAsync();
        folder.Dispose();
    }
}
