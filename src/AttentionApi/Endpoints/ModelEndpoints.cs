using AttentionApi.Contracts;
using AttentionApi.Core.Explain;
using AttentionApi.Core.Inference;
using AttentionApi.Hosting;
using AttentionApi.Http;
using AttentionApi.Http.Parameters;

namespace AttentionApi.Endpoints;

internal static class ModelEndpoints
{
    public static void MapModels(this IEndpointRouteBuilder api)
    {
        api.MapGet("/models", (ModelCatalog catalog) => Answer.Json(new ModelList([.. catalog.List().Select(Describe)]), ApiJson.Answers.ModelList))
            .WithName("models").WithSummary("The models of the models folder.")
            .WithDescription("Refused models are listed with their reason. What only a load finds out is null until the model was used once.")
            .Produces<ModelList>().WithTags("Models").Takes();

        api.MapGet("/models/{id}", (string id, ModelCatalog catalog, Readiness readiness) =>
                Answer.Json(Describe(catalog.Find(id) ?? throw readiness.Unknown(id)), ApiJson.Answers.Model))
            .WithName("model").WithSummary("One model.").WithDescription("The same as in the list.")
            .Produces<Model>().WithTags("Models").Takes();
    }

    private static Model Describe(ModelEntry entry)
    {
        var facts = entry.Facts;
        return new Model(
            entry.Id, entry.IsDefault, entry.Status.Word(), entry.Reason, facts?.Family, facts?.Layers, facts?.Heads,
            facts is null ? null : Grid.From(facts.Tokens.Grid), facts?.Tokens.PrefixTokens, facts?.Tokens.SuffixTokens,
            facts is null ? null : Size.From(facts.ImageSize), facts is null ? null : Size.From(facts.PatchSize),
            facts?.Text, facts?.ClassNames?.Count, facts?.LogitScale is { } scale ? new(scale.Value, scale.Source) : null,
            facts is null ? [] : [.. ExplainerRegistry.All.Where(method => !method.Info.LabelDependent || facts.AlignmentMissing is null).Select(method => method.Info.Name)],
            facts?.Precision, facts is null ? null : new(facts.Provider.Requested, facts.Provider.Actual, facts.Provider.Reason),
            facts is null ? null : new(facts.Sites.Vision, facts.Sites.Text, facts.Sites.Other), facts?.Warnings ?? []);
    }
}
