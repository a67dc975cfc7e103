using AttentionApi.Contracts;
using AttentionApi.Core.Explain;
using AttentionApi.Core.Explain.Methods;
using AttentionApi.Hosting;
using AttentionApi.Http;
using AttentionApi.Http.Parameters;

namespace AttentionApi.Endpoints;

internal static class ExplainEndpoint
{
    public static void MapExplain(this IEndpointRouteBuilder api) =>
        api.MapPost("/explain", (HttpContext http, Explanations explanations) =>
                explanations.AnswerAsync(http, AnswerKind.Maps, _ => (explanation, timings) =>
                {
                    IReadOnlyList<Heatmap> maps;
                    NumberGrid? matrix;
                    using (timings.Measure("explain"))
                    {
                        maps = explanation.Maps();
                        matrix = explanation.Plan.Query.Get(Query.Matrix)
                            ? new(Rollout.Matrix(explanation.Input, explanation.Plan.Parameters), explanation.Plan.Model.Tokens.Count) : null;
                    }
                    return Answer.Json(Answers.Explanation(explanation, maps, matrix, timings), ApiJson.Answers.ExplanationAnswer);
                }))
            .WithName("explain").WithSummary("The maps as numbers.")
            .WithDescription("Unscaled maps over the patches, predictions, and what the model saw of the picture. Layers count from 1 and ranges include both ends.")
            .Produces<ExplanationAnswer>().TakesPicture([.. Query.Explaining, Query.Top, Query.Matrix, Query.TextTokens]);
}
