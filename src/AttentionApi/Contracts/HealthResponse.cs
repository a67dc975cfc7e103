namespace AttentionApi.Contracts;

/// <summary>Service status.</summary>
/// <param name="Status">live or ready.</param>
/// <param name="Version">Of this program.</param>
public sealed record HealthResponse(string Status, string Version);
