using System.ComponentModel.DataAnnotations;

namespace AttentionApi.Hosting.Security;

/// <summary>Section <c>Security</c>; all of it is off unless configured.</summary>
public sealed class SecurityOptions
{
    /// <summary>Keys that callers must send as <c>Authorization: Bearer</c>; with none and no file, everybody may call.</summary>
    public IList<string> ApiKeys { get; init; } = [];

    /// <summary>A file with one key a line, as secret stores mount them; # begins a comment there.</summary>
    public string? ApiKeysFile { get; set; }

    /// <summary>Whether /metrics and Swagger need a key, too; the page, which asks for one, and the health probes stay open.</summary>
    public bool KeysEverywhere { get; set; }

    /// <summary>Names under which a server that listens on this machine alone may be called besides localhost, as behind a proxy of the same machine.</summary>
    public IList<string> Hosts { get; init; } = [];

    /// <summary>Requests that one client (by address; by /64 network where that is IPv6) may send a minute; 0: no limit.</summary>
    [Range(0, 1_000_000)]
    public int RequestsPerMinute { get; set; }

    /// <summary>Origins of pages that may call from a browser; none: only our own page.</summary>
    public IList<string> CorsOrigins { get; init; } = [];

    /// <summary>Addresses or networks (CIDR) of proxies whose X-Forwarded-For and -Proto are believed.</summary>
    public IList<string> TrustedProxies { get; init; } = [];
}
