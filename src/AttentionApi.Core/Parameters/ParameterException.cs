namespace AttentionApi.Core.Parameters;

/// <summary>A parameter's value cannot be used; the message says why and what to do.</summary>
/// <param name="parameter">The name of the parameter at fault.</param>
/// <param name="message">Cause and remedy, for people.</param>
public class ParameterException(string parameter, string message) : Exception(message)
{
    public string Parameter { get; } = parameter;
}

/// <summary>It is within its range, but asks for more than this program allows; how much it allows may be a setting.</summary>
/// <param name="limit">The limit that it exceeds.</param>
internal sealed class OverLimitException(string parameter, string message, Limit limit) : ParameterException(parameter, message)
{
    public Limit Limit { get; } = limit;
}

/// <summary>What a program limits.</summary>
internal enum Limit
{
    /// <summary>Runs of the model that a call may cause.</summary>
    Runs,

    /// <summary>Models loaded at once.</summary>
    LoadedModels,
}
