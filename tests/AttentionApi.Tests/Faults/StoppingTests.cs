using System.Net;
using AttentionApi.Tests.Api;

namespace AttentionApi.Tests.Faults;

/// <summary>SIGTERM: what is in flight is answered, what comes now is told to go elsewhere, the exit code is 0.</summary>
public sealed class StoppingTests : IDisposable
{
    private readonly ServedModels models = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_request_in_flight_is_answered_and_new_ones_get_a_503()
    {
        await using var host = await models.ServeAsync();
        var upload = new HeldUpload(Pictures.Fixture);
        var inFlight = host.Client.PostAsync($"{TestHost.Base}/explain", upload, Cancellation);
        await HasArrivedAsync(host, upload);

        host.Signal(HostProcess.Terminate);
        await UntilStoppingAsync(host);
        using (var refused = await host.ExplainAsync()) await refused.ProblemAsync(503);
        using (var ready = await host.Client.GetAsync("/readyz", Cancellation)) await ready.ProblemAsync(503);

        upload.Release();
        using var answer = await inFlight;
        await answer.JsonAsync();
        Assert.Equal(0, await host.ExitAsync(HostCalls.Patience));
    }

    [Fact]
    public async Task Explanations_being_computed_are_finished()
    {
        await using var host = await models.ServeAsync();
        var calls = Enumerable.Range(0, 6).Select(_ => host.Client.SendAsync("explain/animation?size=1024&interpolation=bicubic", Pictures.Fixture)).ToArray();
        // With the first answer there, the others are in flight.
        await Task.WhenAny(calls);
        host.Signal(HostProcess.Terminate);
        foreach (var call in calls)
        {
            using var answer = await call;
            // One that came after the signal is refused in words; none breaks off.
            if (answer.StatusCode == HttpStatusCode.ServiceUnavailable) await answer.ProblemAsync(503);
            else Assert.NotEmpty(await answer.BytesAsync());
        }
        Assert.Equal(0, await host.ExitAsync(HostCalls.Patience));
    }

    [Fact]
    public async Task A_caller_who_never_finishes_does_not_hold_the_host_up()
    {
        await using var host = await models.ServeAsync(("Limits:RequestSeconds", 3));
        var upload = new HeldUpload(Pictures.Fixture);
        var inFlight = host.Client.PostAsync($"{TestHost.Base}/explain", upload, Cancellation);
        await HasArrivedAsync(host, upload);
        host.Signal(HostProcess.Terminate);
        Assert.Equal(0, await host.ExitAsync(HostCalls.Patience));
        upload.Release();
        await Task.WhenAny(inFlight);
        _ = inFlight.Exception;
    }

    /// <summary>Sent is not received: on a busy machine the signal can overtake the upload. What the host answers after it shows that it has been
    /// read.</summary>
    private static async Task HasArrivedAsync(HostProcess host, HeldUpload upload)
    {
        await upload.Begun;
        for (var call = 0; call < 3; call++) (await host.Client.GetAsync("/healthz", Cancellation)).Dispose();
    }

    private static Task UntilStoppingAsync(HostProcess host) => HostCalls.UntilAsync(async () =>
    {
        using var alive = await host.Client.GetAsync("/healthz", Cancellation);
        return alive.StatusCode == HttpStatusCode.ServiceUnavailable;
    });

    public void Dispose() => models.Dispose();

    /// <summary>A picture whose second half is sent when somebody says so.</summary>
    private sealed class HeldUpload : HttpContent
    {
        private readonly byte[] picture;
        private readonly TaskCompletionSource begun = new(), released = new();

        public HeldUpload(byte[] picture)
        {
            this.picture = picture;
            Headers.ContentType = new("image/png");
        }

        public Task Begun => begun.Task;

        public void Release() => released.TrySetResult();

        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        {
            await stream.WriteAsync(picture.AsMemory(0, picture.Length / 2), Cancellation);
            await stream.FlushAsync(Cancellation);
            begun.TrySetResult();
            await released.Task;
            await stream.WriteAsync(picture.AsMemory(picture.Length / 2), Cancellation);
        }

        protected override bool TryComputeLength(out long length)
        {
            length = picture.Length;
            return true;
        }
    }
}
