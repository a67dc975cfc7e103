using AttentionApi.Core.Parameters;

namespace AttentionApi.Hosting;

/// <summary>Options of the server are settings. Configuration keeps a key that nobody reads without a word, so that a typo would have no effect.</summary>
internal static class ServeOptions
{
    /// <summary>Where keys begin: those of docs/configuration.md, and those of ASP.NET Core's own host.</summary>
    private static readonly string[] Known =
    [
        "urls", "http_ports", "https_ports", "Kestrel", "Serilog", "Models", "Inference", "Limits", "Cache", "Security", "Mcp",
        "environment", "contentRoot", "applicationName", "webRoot", "AllowedHosts", "Logging", "detailedErrors", "shutdownTimeoutSeconds", "hostBuilder",
        "captureStartupErrors", "preventHostingStartup", "hostingStartupAssemblies", "suppressStatusMessages", "forwardedHeaders_enabled",
    ];

    /// <summary>Environment variables by their own names.</summary>
    private static readonly string[] Prefixes = ["OTEL_", "ASPNETCORE_", "DOTNET_"];

    /// <summary>A sentence for each option that has no effect.</summary>
    public static IEnumerable<string> Unknown(IEnumerable<string> args) => args.Where(arg => arg.StartsWith("--", StringComparison.Ordinal))
        .Select(arg => arg[2..].Split('=', ':')[0])
        .Where(key => !Known.Contains(key, StringComparer.OrdinalIgnoreCase)
            && !Prefixes.Any(prefix => key.StartsWith(prefix, StringComparison.OrdinalIgnoreCase)))
        .Select(key => $"note: '--{key}' is no setting and has no effect; {Instead(key)}");

    /// <summary>With more edits than one in three letters it is another word, not a typo.</summary>
    private static string Instead(string key) => Nearest.Name(key, Known) is var near && Nearest.Distance(key, near) <= Math.Max(1, key.Length / 3)
        ? $"the nearest is '--{near}'." : "docs/configuration.md lists them; --urls http://localhost:5080 says where to listen.";
}
