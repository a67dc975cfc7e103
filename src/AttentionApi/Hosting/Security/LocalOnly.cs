using System.Net;
using AttentionApi.Core.Parameters;
using AttentionApi.Http;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;

namespace AttentionApi.Hosting.Security;

/// <summary>
/// A server that listens on localhost only is for its user. But any web page that the user opens can make the browser call it: under another name (DNS
/// rebinding), or from its own origin, which the browser sends. Both are refused.
/// </summary>
internal sealed class LocalOnly(IServer server, SecurityOptions options)
{
    private readonly Lazy<bool> isLocal = new(() => server.Features.Get<IServerAddressesFeature>()?.Addresses is { Count: > 0 } addresses
        && addresses.All(IsLoopback));

    public Task InvokeAsync(HttpContext http, RequestDelegate next)
    {
        // The addresses are known once the server listens.
        if (isLocal.Value) Check(http.Request);
        return next(http);
    }

    private void Check(HttpRequest request)
    {
        var host = request.Host.Host.Trim('[', ']');
        if (!IsLoopbackName(host) && !options.Hosts.Contains(host, StringComparer.OrdinalIgnoreCase))
        {
            throw Refused($"This server accepts only local connections under the name 'localhost', not '{Words.Shown(host)}'. Name other hosts in "
                + "Security:Hosts.");
        }
        var origin = request.Headers.Origin.ToString();
        if (origin.Length == 0 || options.CorsOrigins.Contains(origin, StringComparer.OrdinalIgnoreCase)) return;
        if (!Uri.TryCreate(origin, UriKind.Absolute, out var page) || !page.Authority.Equals(request.Host.Value, StringComparison.OrdinalIgnoreCase))
        {
            throw Refused("This server accepts only local connections and no calls from pages of other origins; name them in Security:CorsOrigins.");
        }
    }

    private static bool IsLoopback(string address) =>
        Uri.TryCreate(address.Replace("://+", "://0.0.0.0").Replace("://*", "://0.0.0.0"), UriKind.Absolute, out var uri)
        && IsLoopbackName(uri.Host.Trim('[', ']'));

    private static bool IsLoopbackName(string host) => host.Equals("localhost", StringComparison.OrdinalIgnoreCase)
        || (IPAddress.TryParse(host, out var address) && IPAddress.IsLoopback(address));

    private static ProblemException Refused(string detail) => new(StatusCodes.Status403Forbidden, detail);
}
