namespace AttentionApi.Contracts;

/// <summary>Service status.</summary>
/// <param name="Status">live or ready.</param>
public sealed record HealthResponse(string Status);
