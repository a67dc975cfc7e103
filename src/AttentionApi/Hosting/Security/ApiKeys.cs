using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Options;

namespace AttentionApi.Hosting.Security;

/// <summary>
/// The keys that callers may use; none: everybody may call. Hashes of equal length are compared, in constant time and with every key, so that the time
/// taken says nothing about any of them. The file of keys is read again while the service runs: a withdrawn key must not stay valid until the next start.
/// </summary>
internal sealed class ApiKeys
{
    private static readonly TimeSpan ReadEvery = TimeSpan.FromSeconds(1);

    private readonly SecurityOptions options;
    private readonly TimeProvider time;
    private readonly ILogger<ApiKeys> log;
    private readonly Lock gate = new();
    private byte[][] hashes;
    private DateTimeOffset next;

    /// <exception cref="OptionsValidationException">Keys are configured but cannot be used: the service must not be open by mistake.</exception>
    public ApiKeys(IOptions<SecurityOptions> options, TimeProvider time, ILogger<ApiKeys> log)
    {
        (this.options, this.time, this.log) = (options.Value, time, log);
        if (options.Value.ApiKeys.Any(string.IsNullOrWhiteSpace)) throw Unusable("Security:ApiKeys holds a blank key; remove it, or give a key.");
        hashes = Read();
        Required = hashes.Length > 0;
    }

    public bool Required { get; }

    public bool Knows(string key)
    {
        if (options.ApiKeysFile is not null) ReadAgain();
        var shown = Hash(key);
        var known = false;
        foreach (var hash in Volatile.Read(ref hashes)) known |= CryptographicOperations.FixedTimeEquals(hash, shown);
        return known;
    }

    /// <summary>By content and not by its date: secret stores swap a link that the file lies behind.</summary>
    private void ReadAgain()
    {
        lock (gate)
        {
            if (time.GetUtcNow() < next) return;
            next = time.GetUtcNow() + ReadEvery;
            try
            {
                Volatile.Write(ref hashes, Read());
            }
            catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or OptionsValidationException)
            {
                log.LogWarning("The file of API keys cannot be used ({Failure}); the previous keys stay valid", failure.GetType().Name);
            }
        }
    }

    private byte[][] Read() => [.. options.ApiKeys.Concat(FromFile(options.ApiKeysFile)).Select(key => Hash(key.Trim()))];

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
