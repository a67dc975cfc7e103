using AttentionApi.Core.Parameters;

namespace AttentionApi.Http;

/// <summary>Parameters of endpoints that concern neither explanations nor pictures.</summary>
internal static class EndpointParameters
{
    public static readonly Parameter<string?> Model = ParameterKinds.Text("model", "an id of /models", "the default model", "The model, by its id.");
}
