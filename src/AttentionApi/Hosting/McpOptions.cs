namespace AttentionApi.Hosting;

/// <summary>Section <c>Mcp</c>.</summary>
public sealed class McpOptions
{
    /// <summary>Whether agents find tools at /mcp.</summary>
    public bool Enabled { get; set; }
}
