namespace AttentionApi.Http;

/// <summary>A request can't be answered; becomes an RFC 9457 answer. The message says the cause and what to do, and never holds internals.</summary>
public sealed class ProblemException(int status, string detail, string? parameter = null) : Exception(detail)
{
    public int Status { get; } = status;

    /// <summary>The query parameter or form field at fault.</summary>
    public string? Parameter { get; } = parameter;

    /// <summary>When to try again, for 429 and 503.</summary>
    public TimeSpan? RetryAfter { get; init; }

    public static ProblemException BadParameter(string parameter, string detail) => new(StatusCodes.Status400BadRequest, detail, parameter);
}
