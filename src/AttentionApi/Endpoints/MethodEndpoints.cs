using AttentionApi.Contracts;
using AttentionApi.Core.Explain;
using AttentionApi.Http;

namespace AttentionApi.Endpoints;

internal static class MethodEndpoints
{
    public static void MapMethods(this IEndpointRouteBuilder api, ExplainerRegistry registry)
    {
        var methods = new MethodList([.. registry.All.Select(explainer => Method.From(explainer.Info))]);
        api.MapGet("/methods", () => JsonResponse.Of(methods, ApiJson.Responses.MethodList))
            .WithName("methods").WithSummary("The methods of explanation.")
            .WithDescription("What each picture means, where it comes from, and the parameters that change it. L is the number of layers of the model, H that "
                + "of its heads.")
            .Produces<MethodList>().WithTags("Models").Takes();
    }
}
