using AttentionApi.Contracts;
using AttentionApi.Hosting;
using AttentionApi.Http;
using AttentionApi.Http.Parameters;

namespace AttentionApi.Endpoints;

internal static class PredictEndpoint
{
    public static void MapPredict(this IEndpointRouteBuilder api) =>
        api.MapPost("/predict", (HttpContext http, Explanations explanations) =>
                explanations.AnswerAsync(http, AnswerKind.Predictions, _ => (explanation, timings) => Answer.Json(Answers.Prediction(explanation, timings), ApiJson.Answers.PredictionAnswer)))
            .WithName("predict").WithSummary("What the model sees: labels or classes, best first.")
            .WithDescription("Image-text models: softmax over the given labels (SigLIP: sigmoid of each logit). Classifiers: the best of their classes, as many as 'top' says.")
            .Produces<PredictionAnswer>().TakesPicture(Query.Model, Query.Labels, Query.Prompt, Query.Top);
}
