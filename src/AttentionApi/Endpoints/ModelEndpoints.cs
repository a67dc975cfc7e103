using AttentionApi.Contracts;
using AttentionApi.Core.Catalog;
using AttentionApi.Core.Explain;
using AttentionApi.Hosting.Models;
using AttentionApi.Http;

namespace AttentionApi.Endpoints;

internal static class ModelEndpoints
{
    public static void MapModels(this IEndpointRouteBuilder api)
    {
        api.MapGet("/models", (ModelCatalog catalog, ExplainerRegistry methods, SanityResults checks) =>
                JsonResponse.Of(new ModelList([.. catalog.List().Select(model => Described(model, methods, checks))]), ApiJson.Responses.ModelList))
            .WithName("models").WithSummary("The models of the models folder.")
            .WithDescription("Refused models are listed with their reason. What only a load finds out is null until the model was used once.")
            .Produces<ModelList>().WithTags("Models").Takes();

        api.MapGet("/models/{id}", (string id, ModelCatalog catalog, ExplainerRegistry methods, SanityResults checks, Readiness readiness) =>
                JsonResponse.Of(Described(catalog.Find(id) ?? throw readiness.Unknown(id), methods, checks), ApiJson.Responses.Model))
            .WithName("model").WithSummary("One model.").WithDescription("The same as in the list.")
            .Produces<Model>().Refuses(404).WithTags("Models").Takes();
    }

    private static Model Described(ModelEntry model, ExplainerRegistry methods, SanityResults checks) =>
        Model.From(model, methods, model.Facts is { } facts ? checks.Find(facts.Sha256) : null);
}
