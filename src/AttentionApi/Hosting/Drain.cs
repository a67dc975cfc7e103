using AttentionApi.Http;

namespace AttentionApi.Hosting;

/// <summary>
/// Stopping in order: while requests are being answered, the server keeps listening and answers new ones with 503; then it stops.
/// Kestrel alone would refuse connections at once, which callers can't tell from a crash.
/// </summary>
internal sealed class Drain(IHostApplicationLifetime lifetime) : IHostedLifecycleService
{
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(20);

    private int inFlight;

    public async Task InvokeAsync(HttpContext http, RequestDelegate next)
    {
        Interlocked.Increment(ref inFlight);
        try
        {
            if (lifetime.ApplicationStopping.IsCancellationRequested) throw Stopping();
            await next(http);
        }
        finally
        {
            Interlocked.Decrement(ref inFlight);
        }
    }

    public async Task StoppingAsync(CancellationToken cancellationToken)
    {
        while (Volatile.Read(ref inFlight) > 0 && !cancellationToken.IsCancellationRequested) await Task.Delay(LookEvery, CancellationToken.None);
    }

    private static ProblemException Stopping() =>
        new(StatusCodes.Status503ServiceUnavailable,
        "The service is stopping; try another instance, or this one when it is back.") { RetryAfter = TimeSpan.FromSeconds(5) };

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}

internal static class DrainExtensions
{
    public static void AddDrain(this IServiceCollection services)
    {
        services.AddSingleton<Drain>();
        services.AddHostedService(provider => provider.GetRequiredService<Drain>());
    }

    public static void UseDrain(this WebApplication app)
    {
        var drain = app.Services.GetRequiredService<Drain>();
        app.Use((http, next) => drain.InvokeAsync(http, next));
    }
}
