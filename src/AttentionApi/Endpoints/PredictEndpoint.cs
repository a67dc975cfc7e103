using AttentionApi.Contracts;
using AttentionApi.Core.Explain;
using AttentionApi.Core.Parameters;
using AttentionApi.Core.Rendering;
using AttentionApi.Http;

namespace AttentionApi.Endpoints;

internal static class PredictEndpoint
{
    public static void MapPredict(this IEndpointRouteBuilder api, ParameterTable table) =>
        api.MapPost("/predict", (HttpContext http, ExplainRequests requests) =>
            requests.AnswerAsync(http, Outputs.Predictions, async (explanation, cancellation) =>
            {
                // First: what a map needs is the more costly run, and tells the scores as well.
                var expected = await explanation.ExpectedAsync(cancellation);
                await explanation.ScoreAsync(cancellation);
                return JsonResponse.Of(Responses.Predictions(explanation, expected), ApiJson.Responses.PredictResponse);
            }))
            .WithName("predict").WithSummary("What the model sees: labels or classes, best first.")
            .WithDescription("Image-text models: softmax over the given labels (SigLIP: sigmoid of each logit). Classifiers: the best of their classes, as "
                + "many as 'top' says. With 'expected', what was expected is set against what was predicted.")
            .Produces<PredictResponse>().TakesPicture([EndpointParameters.Model, .. OutputParameters.Of(table, Outputs.Predictions)]);
}
