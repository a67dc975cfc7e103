using AttentionApi.Core.Catalog;
using AttentionApi.Core.Explain;
using AttentionApi.Core.Explain.Methods;
using AttentionApi.Core.Rendering.Layout;
using AttentionApi.Core.Rendering.Regions;
using AttentionApi.Hosting.Limits;
using AttentionApi.Hosting.Models;
using AttentionApi.Hosting.Security;
using AttentionApi.Http;

namespace AttentionApi.Endpoints;

/// <summary>All endpoints under the base path, and what they share.</summary>
internal static class Api
{
    public static void AddExplanations(this WebApplicationBuilder builder)
    {
        builder.Services.AddSingleton(services => new ExplainerRegistry([.. BuiltInMethods.Registry.All, .. services.GetServices<Explainer>()]));
        builder.Services.AddSingleton(services =>
            new ParameterTable(services.GetRequiredService<ExplainerRegistry>(), [EndpointParameters.Model, .. PictureParameters.All,
                .. RegionParameters.All]));
        builder.Services.AddSingleton<Permits>();
        builder.Services.AddSingleton<Uploads>();
        builder.Services.AddSingleton<SlowReaders>();
        builder.Services.AddSingleton<Slots>();
        builder.Services.AddSingleton(TimeProvider.System);
        builder.Services.AddSingleton<ModelCheck>();
        builder.Services.AddSingleton<Readiness>();
        builder.Services.AddHostedService(services => services.GetRequiredService<Readiness>());
        builder.Services.AddSingleton<ExplainWork>();
        builder.Services.AddSingleton<SeveralModels>();
        builder.Services.AddSingleton<RequestReader>();
        builder.Services.AddSingleton<ExplainRequests>();
        builder.Services.AddSingleton<BatchRequests>();
    }

    public static void MapApi(this WebApplication app)
    {
        var table = app.Services.GetRequiredService<ParameterTable>();
        // No antiforgery: there are no cookies, so a foreign site has no credentials of the user to abuse.
        var api = app.MapGroup(BasePath.Value).DisableAntiforgery().RequireApiKey(app.Services);
        api.MapModels();
        api.MapClasses();
        api.MapMethods(table.Registry);
        api.MapPredict(table);
        api.MapExplain(table);
        api.MapOverlay(table);
        api.MapAnimation(table);
        api.MapGrid(table);
        api.MapTensors(table);
        api.MapCompare(table);
        api.MapRegions(table);
        api.MapEvidence(table);
        api.MapBatch(table);
    }
}
