using AttentionApi.Hosting;

namespace AttentionApi.Endpoints;

/// <summary>All endpoints under the base path, and what they share.</summary>
internal static class Api
{
    public const string BasePath = "/api/v1";

    public static void AddExplanations(this WebApplicationBuilder builder)
    {
        builder.Services.AddSingleton<Permits>();
        builder.Services.AddSingleton<Readiness>();
        builder.Services.AddHostedService(services => services.GetRequiredService<Readiness>());
        builder.Services.AddSingleton<Explanations>();
    }

    public static void MapApi(this IEndpointRouteBuilder app)
    {
        // No antiforgery: there are no cookies, so a foreign site has no credentials of the user to abuse.
        var api = app.MapGroup(BasePath).DisableAntiforgery();
        api.MapModels();
        api.MapMethods();
        api.MapPredict();
        api.MapExplain();
        api.MapOverlay();
        api.MapAnimation();
        api.MapGrid();
        api.MapTensors();
    }
}
