namespace AttentionApi.Core.Parameters;

/// <summary>A parameter's value cannot be used; the message says why and what to do.</summary>
/// <param name="parameter">The name of the parameter at fault.</param>
/// <param name="message">Cause and remedy, for people.</param>
public sealed class ParameterException(string parameter, string message) : Exception(message)
{
    public string Parameter { get; } = parameter;
}
