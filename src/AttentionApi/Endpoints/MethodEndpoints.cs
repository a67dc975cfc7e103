using AttentionApi.Contracts;
using AttentionApi.Core.Explain;
using AttentionApi.Http;
using AttentionApi.Http.Parameters;

namespace AttentionApi.Endpoints;

internal static class MethodEndpoints
{
    private static readonly MethodList Methods = new([.. ExplainerRegistry.All.Select(Describe)]);

    public static void MapMethods(this IEndpointRouteBuilder api) =>
        api.MapGet("/methods", () => Answer.Json(Methods, ApiJson.Answers.MethodList))
            .WithName("methods").WithSummary("The methods of explanation.")
            .WithDescription("What each picture means, where it comes from, and the parameters that change it. L is the number of layers of the model, H that of its heads.")
            .Produces<MethodList>().WithTags("Models").Takes();

    private static Method Describe(Explainer explainer)
    {
        var info = explainer.Info;
        return new Method(info.Name, info.Title, info.Meaning, info.Paper, [.. info.Parameters.Select(name => Describe(info, name))], info.LabelDependent, info.Signed);
    }

    private static MethodParameter Describe(MethodInfo info, string name)
    {
        var parameter = Query.All.Single(one => one.Name == name);
        if (parameter != Query.Frames) return new(name, parameter.Range, parameter.DefaultText, parameter.Description);
        string[] frames = [.. info.Frames.Select(mode => mode.Word())];
        return new(name, string.Join(", ", frames), frames[0], parameter.Description);
    }
}
