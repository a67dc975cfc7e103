namespace AttentionApi.Http;

/// <summary>An answer that knows what it holds while it is being sent.</summary>
internal interface ISizedResult : IResult
{
    long HeldBytes { get; }
}
