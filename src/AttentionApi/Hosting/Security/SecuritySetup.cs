using System.Net;
using System.Net.Sockets;
using System.Threading.RateLimiting;
using AttentionApi.Http;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.HttpOverrides;
using Microsoft.AspNetCore.RateLimiting;
using IPNetwork = System.Net.IPNetwork;

namespace AttentionApi.Hosting.Security;

/// <summary>Who may call, from where, and how often.</summary>
internal static class SecuritySetup
{
    private static readonly TimeSpan Window = TimeSpan.FromMinutes(1);
    private static readonly PathString[] ClosedPaths = ["/metrics", "/swagger"];

    public static void AddSecurity(this WebApplicationBuilder builder)
    {
        builder.Services.AddSection<SecurityOptions>("Security")
            .Validate(options => options.TrustedProxies.All(proxy => IPNetwork.TryParse(proxy, out _) || IPAddress.TryParse(proxy, out _)),
                "Security:TrustedProxies must be addresses or networks such as 10.0.0.0/8.");
        builder.Services.AddApiKeys();
        builder.Services.AddCors();
        builder.Services.AddOptions<RateLimiterOptions>().Configure(limiter =>
        {
            limiter.GlobalLimiter = PartitionedRateLimiter.Create<HttpContext, IPAddress>(http =>
                Client(http, http.RequestServices.Value<SecurityOptions>().RequestsPerMinute));
            limiter.RejectionStatusCode = StatusCodes.Status429TooManyRequests;
            limiter.OnRejected = (context, _) => throw TooMany(context.Lease);
        });
        builder.Services.AddRateLimiter(_ => { });
        builder.Services.AddOptions<ForwardedHeadersOptions>().Configure<IServiceProvider>((forwarded, services) =>
            Trust(forwarded, services.Value<SecurityOptions>()));
    }

    /// <summary>Before everything else: what follows must see the real caller.</summary>
    public static void UseTrustedProxies(this WebApplication app)
    {
        if (app.Services.Value<SecurityOptions>().TrustedProxies.Count > 0) app.UseForwardedHeaders();
    }

    /// <summary>Before anything is served: other pages must not embed or call the page either.</summary>
    public static void UseLocalOnly(this WebApplication app)
    {
        var local = new LocalOnly(app.Services.GetRequiredService<IServer>(), app.Services.Value<SecurityOptions>());
        app.Use((http, next) => local.InvokeAsync(http, next));
    }

    /// <summary>Closes /metrics and Swagger where keys are wanted for them, too.</summary>
    public static void UseKeysEverywhere(this WebApplication app)
    {
        if (!app.Services.Value<SecurityOptions>().KeysEverywhere || !app.Services.GetRequiredService<ApiKeys>().Required) return;
        app.Use(async (http, next) =>
        {
            if (ClosedPaths.Any(path => http.Request.Path.StartsWithSegments(path, StringComparison.OrdinalIgnoreCase))
                && !(await http.AuthenticateAsync(ApiKeyAuthentication.SchemeName)).Succeeded)
            {
                await http.ChallengeAsync(ApiKeyAuthentication.SchemeName);
            }
            await next(http);
        });
    }

    public static void UseSecurity(this WebApplication app)
    {
        var options = app.Services.Value<SecurityOptions>();
        if (options.CorsOrigins.Count > 0)
        {
            app.UseCors(policy => policy.WithOrigins([.. options.CorsOrigins]).WithMethods("GET", "POST")
                .WithHeaders("Authorization", "Content-Type", "Accept", "traceparent", "tracestate", "X-Request-Id")
                .WithExposedHeaders("Server-Timing", "X-Request-Id", "X-Warnings", "Retry-After"));
        }
        if (options.RequestsPerMinute > 0) app.UseRateLimiter();
        app.UseAuthentication();
        app.UseAuthorization();
    }

    private static RateLimitPartition<IPAddress> Client(HttpContext http, int perMinute)
    {
        var address = Network(http.Connection.RemoteIpAddress ?? IPAddress.None);
        return BasePath.Covers(http.Request)
            ? RateLimitPartition.GetTokenBucketLimiter(address, _ =>
                new TokenBucketRateLimiterOptions { TokenLimit = perMinute, TokensPerPeriod = perMinute,
                ReplenishmentPeriod = Window, AutoReplenishment = true })
            : RateLimitPartition.GetNoLimiter(IPAddress.Any);
    }

    /// <summary>IPv6 gives a customer a /64 at least: each of its addresses would be another client.</summary>
    private static IPAddress Network(IPAddress address)
    {
        if (address.IsIPv4MappedToIPv6) return address.MapToIPv4();
        return address.AddressFamily == AddressFamily.InterNetworkV6 ? new IPAddress([.. address.GetAddressBytes().Take(8), .. new byte[8]]) : address;
    }

    private static ProblemException TooMany(RateLimitLease lease) =>
        new(StatusCodes.Status429TooManyRequests, "This client has used up its requests for this minute; wait as Retry-After says.")
    {
        RetryAfter = lease.TryGetMetadata(MetadataName.RetryAfter, out var wait) ? wait : Window,
    };

    private static void Trust(ForwardedHeadersOptions forwarded, SecurityOptions options)
    {
        forwarded.ForwardedHeaders = ForwardedHeaders.XForwardedFor | ForwardedHeaders.XForwardedProto;
        // The defaults would also trust any caller on this machine.
        forwarded.KnownProxies.Clear();
        forwarded.KnownIPNetworks.Clear();
        foreach (var proxy in options.TrustedProxies)
        {
            if (IPAddress.TryParse(proxy, out var address)) forwarded.KnownProxies.Add(address);
            else forwarded.KnownIPNetworks.Add(IPNetwork.Parse(proxy));
        }
    }
}
