namespace AttentionApi.Contracts;

/// <summary>How the service stands.</summary>
/// <param name="Status">live or ready.</param>
public sealed record HealthAnswer(string Status);
