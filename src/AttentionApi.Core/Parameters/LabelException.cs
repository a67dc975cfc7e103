namespace AttentionApi.Core.Parameters;

/// <summary>A label, prompt or class cannot be used; the message says why and what to do. <see cref="Parameter"/> is the query parameter at fault.</summary>
public sealed class LabelException(string parameter, string message) : Exception(message)
{
    public string Parameter { get; } = parameter;
}
