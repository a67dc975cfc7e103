using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Options;

namespace AttentionApi.Hosting;

/// <summary>
/// The keys that callers may show; none: everybody may call. What is compared are hashes of equal length, in constant time and with every key, so that the time
/// taken says nothing about any of them.
/// </summary>
internal sealed class ApiKeys
{
    private readonly byte[][] hashes;

    /// <exception cref="OptionsValidationException">Keys are configured but cannot be used: the service must not be open by mistake.</exception>
    public ApiKeys(IOptions<SecurityOptions> options)
    {
        var configured = options.Value.ApiKeys;
        if (configured.Any(string.IsNullOrWhiteSpace)) throw Unusable("Security:ApiKeys holds a blank key; remove it, or give a key.");
        hashes = [.. configured.Concat(FromFile(options.Value.ApiKeysFile)).Select(key => Hash(key.Trim()))];
    }

    public bool Required => hashes.Length > 0;

    public bool Knows(string key)
    {
        var shown = Hash(key);
        var known = false;
        foreach (var hash in hashes) known |= CryptographicOperations.FixedTimeEquals(hash, shown);
        return known;
    }

    /// <summary>One key a line; blank lines and those that begin with # are left out.</summary>
    private static string[] FromFile(string? path)
    {
        if (path is null) return [];
        if (string.IsNullOrWhiteSpace(path)) throw Unusable("Security:ApiKeysFile is blank; remove it, or name a file.");
        string[] keys = [.. File.ReadLines(path).Select(line => line.Trim()).Where(line => line.Length > 0 && !line.StartsWith('#'))];
        return keys.Length > 0 ? keys : throw Unusable("Security:ApiKeysFile holds no key.");
    }

    private static OptionsValidationException Unusable(string sentence) => new(nameof(SecurityOptions), typeof(SecurityOptions), [sentence]);

    private static byte[] Hash(string key) => SHA256.HashData(Encoding.UTF8.GetBytes(key));
}
