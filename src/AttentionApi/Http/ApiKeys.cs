using System.Security.Cryptography;
using System.Text;
using AttentionApi.Hosting;
using Microsoft.Extensions.Options;

namespace AttentionApi.Http;

/// <summary>Optional keys. What is compared are hashes of equal length, in constant time and with every key, so that the time taken says nothing about any of them.</summary>
internal sealed class ApiKeys
{
    private const string Scheme = "Bearer ";

    private readonly byte[][] hashes;

    public ApiKeys(IOptions<SecurityOptions> options)
    {
        var file = options.Value.ApiKeysFile is { Length: > 0 } path ? File.ReadLines(path) : [];
        hashes = [.. options.Value.ApiKeys.Concat(file).Select(key => key.Trim()).Where(key => key.Length > 0 && !key.StartsWith('#')).Select(Hash)];
        if (hashes.Length == 0 && options.Value.ApiKeysFile is { Length: > 0 }) throw new OptionsValidationException(nameof(SecurityOptions), typeof(SecurityOptions), ["Security:ApiKeysFile holds no key."]);
    }

    public bool Required => hashes.Length > 0;

    /// <exception cref="ProblemException">401: keys are required, and the request shows none of them.</exception>
    public void Check(HttpRequest request)
    {
        if (!Required) return;
        var header = request.Headers.Authorization.ToString();
        var shown = Hash(header.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase) ? header[Scheme.Length..].Trim() : "");
        var known = false;
        foreach (var hash in hashes) known |= CryptographicOperations.FixedTimeEquals(hash, shown);
        if (!known) throw new ProblemException(StatusCodes.Status401Unauthorized, "This service needs an API key; send it as 'Authorization: Bearer …'.");
    }

    private static byte[] Hash(string key) => SHA256.HashData(Encoding.UTF8.GetBytes(key));
}
