using AttentionApi.Contracts;
using AttentionApi.Hosting;
using AttentionApi.Http;

namespace AttentionApi.Endpoints;

internal static class HealthEndpoints
{
    public static void MapHealth(this IEndpointRouteBuilder app)
    {
        app.MapGet("/healthz", () => Answer.Json(new HealthAnswer("live"), ApiJson.Answers.HealthAnswer))
            .WithName("healthz").WithSummary("The process answers.").WithDescription("For liveness probes.").Produces<HealthAnswer>().WithTags("Health");

        app.MapGet("/readyz", async (Readiness readiness, CancellationToken cancellation) =>
            {
                await readiness.EnsureReadyAsync(cancellation);
                return Answer.Json(new HealthAnswer("ready"), ApiJson.Answers.HealthAnswer);
            })
            .WithName("readyz").WithSummary("The default model is warm.").WithDescription("For readiness probes: 503 while it loads, where it can't be used, and while the service stops. After a failed model run the default model must pass a small one first.")
            .Produces<HealthAnswer>().Produces<Problem>(StatusCodes.Status503ServiceUnavailable, "application/problem+json").WithTags("Health");
    }
}
