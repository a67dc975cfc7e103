namespace AttentionApi.Core.Runtime.Sessions;

/// <summary>The configured execution provider does not work here; the message says why and what to do.</summary>
public sealed class ProviderUnusableException(string message, Exception cause) : InvalidOperationException(message, cause);
