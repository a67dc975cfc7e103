using AttentionApi.Contracts;
using AttentionApi.Hosting.Models;
using AttentionApi.Http;

namespace AttentionApi.Endpoints;

internal static class HealthEndpoints
{
    public static void MapHealth(this IEndpointRouteBuilder app)
    {
        app.MapGet("/healthz", (Readiness readiness) =>
            {
                readiness.EnsureAlive();
                return JsonResponse.Of(new HealthResponse("live", ServiceVersion.Text), ApiJson.Responses.HealthResponse);
            })
            .WithName("healthz").WithSummary("The process answers.")
                .WithDescription("For liveness probes: 503 while the service stops, and where only a new process helps: at once after an error of the GPU "
                    + "that lasts until the process ends, else when check after check of the default model has failed.")
            .Produces<HealthResponse>().Refuses(403, 405, 503).WithTags("Health");

        app.MapGet("/readyz", async (Readiness readiness, CancellationToken cancellation) =>
            {
                await readiness.EnsureReadyAsync(cancellation);
                return JsonResponse.Of(new HealthResponse("ready", ServiceVersion.Text), ApiJson.Responses.HealthResponse);
            })
            .WithName("readyz").WithSummary("The default model is warm.")
                .WithDescription("For readiness probes: 503 while it loads, where it can't be used, and while the service stops. After a failed model run the "
                    + "default model must pass a small one first.")
            .Produces<HealthResponse>().Refuses(403, 405, 503).WithTags("Health");
    }
}
