using System.Security.Claims;
using System.Text.Encodings.Web;
using AttentionApi.Http;
using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.Options;

namespace AttentionApi.Hosting.Security;

/// <summary>Authenticates callers by the key in <c>Authorization: Bearer</c>.</summary>
internal sealed class ApiKeyAuthentication(IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory log, UrlEncoder encoder, ApiKeys keys)
    : AuthenticationHandler<AuthenticationSchemeOptions>(options, log, encoder)
{
    public const string SchemeName = "apiKey";

    /// <summary>The policy of endpoints that need a key.</summary>
    public const string Policy = "api-key";

    private const string Prefix = "Bearer ";

    protected override Task<AuthenticateResult> HandleAuthenticateAsync()
    {
        var header = Request.Headers.Authorization.ToString();
        if (!header.StartsWith(Prefix, StringComparison.OrdinalIgnoreCase)) return Task.FromResult(AuthenticateResult.NoResult());
        if (!keys.Knows(header[Prefix.Length..].Trim())) return Task.FromResult(AuthenticateResult.Fail("The key is not known."));
        var caller = new ClaimsPrincipal(new ClaimsIdentity(SchemeName));
        return Task.FromResult(AuthenticateResult.Success(new AuthenticationTicket(caller, SchemeName)));
    }

    /// <exception cref="ProblemException">401, which the middleware above writes.</exception>
    protected override Task HandleChallengeAsync(AuthenticationProperties properties) =>
        throw new ProblemException(StatusCodes.Status401Unauthorized, "This service needs an API key; send it as 'Authorization: Bearer …'.");

    protected override Task HandleForbiddenAsync(AuthenticationProperties properties) => HandleChallengeAsync(properties);
}

internal static class ApiKeyAuthenticationExtensions
{
    public static void AddApiKeys(this IServiceCollection services)
    {
        services.AddSingleton<ApiKeys>();
        services.AddAuthentication(ApiKeyAuthentication.SchemeName)
            .AddScheme<AuthenticationSchemeOptions, ApiKeyAuthentication>(ApiKeyAuthentication.SchemeName, _ => { });
        services.AddAuthorizationBuilder().AddPolicy(ApiKeyAuthentication.Policy, policy => policy.RequireAuthenticatedUser());
    }

    /// <summary>Needs a key where keys are configured.</summary>
    public static TBuilder RequireApiKey<TBuilder>(this TBuilder endpoints, IServiceProvider services) where TBuilder : IEndpointConventionBuilder =>
        services.GetRequiredService<ApiKeys>().Required ? endpoints.RequireAuthorization(ApiKeyAuthentication.Policy) : endpoints;
}
