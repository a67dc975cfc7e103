using AttentionApi.Contracts;
using AttentionApi.Core.Catalog;
using AttentionApi.Core.Explain;
using AttentionApi.Core.Loading;
using AttentionApi.Core.Parameters;
using AttentionApi.Core.Scoring;
using AttentionApi.Hosting.Limits;
using AttentionApi.Hosting.Models;
using AttentionApi.Http;
using Microsoft.Extensions.Options;

namespace AttentionApi.Endpoints;

internal static class ClassesEndpoint
{
    private static readonly Parameter<string?> Search = ParameterKinds.Text("search", "part of a class name", "none",
        "Classes with this in their name, whatever its case and accents, the best match first; without it all of them by index.");
    private static readonly Parameter<int> Limit = ParameterKinds.Integer("limit", 100, 1, 100_000, "Classes listed at most.");

    public static void MapClasses(this IEndpointRouteBuilder api) =>
        api.MapGet("/models/{id}/classes",
            async (string id, HttpContext http, ModelCatalog catalog, Readiness readiness, ParameterTable table, IOptions<LimitsOptions> limits) =>
            {
                var given = http.Request.ReadParameters([Search, Limit], table);
                var model = await FactsAsync(readiness.Resolve(id), catalog, limits.Value.RequestTime, http.RequestAborted);
                if (!model.IsClassifier) throw ProblemException.BadParameter("id",
                    $"The model '{model.Id}' has no classes; /api/v1/models says of each model how many it has.");
                var found = new ClassIndex(model).Search(given.Get(Search) ?? "").Take(given.Get(Limit));
                return JsonResponse.Of(new ClassList(model.ClassNames!.Count, [.. found.Select(index => new ClassName(index, model.ClassNames[index]))]),
                    ApiJson.Responses.ClassList);
            })
            .WithName("classes").WithSummary("The classes of a classifier.")
            .WithDescription("What labels can be: names, the comma-separated synonyms in them, or indices. A model that is not loaded is loaded first.")
            .Produces<ClassList>().Refuses(404)
            .WithTags("Models").Takes(Search, Limit);

    /// <summary>Which classes a model has, only a load tells.</summary>
    private static async Task<ModelFacts> FactsAsync(ModelEntry model, ModelCatalog catalog, TimeSpan time, CancellationToken aborted)
    {
        if (model.Facts is { } known) return known;
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(aborted);
        deadline.CancelAfter(time);
        try
        {
            using var lease = await catalog.LeaseAsync(model.Id, deadline.Token);
            return lease.Model.Facts;
        }
        catch (OperationCanceledException) when (!aborted.IsCancellationRequested)
        {
            throw new ProblemException(StatusCodes.Status503ServiceUnavailable,
                $"The model '{model.Id}' is still loading; try again.") { RetryAfter = TimeSpan.FromSeconds(5) };
        }
    }
}
