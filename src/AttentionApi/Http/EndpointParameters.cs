using AttentionApi.Core.Parameters;

namespace AttentionApi.Http;

/// <summary>Parameters of endpoints that are no matter of explanations or pictures.</summary>
internal static class EndpointParameters
{
    public static readonly Parameter<string?> Model = ParameterKinds.Text("model", "an id of /models", "the default model", "The model, by its id.");
}
