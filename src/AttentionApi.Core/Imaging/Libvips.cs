using Microsoft.Extensions.Logging;
using NetVips;

namespace AttentionApi.Core.Imaging;

/// <summary>
/// The process-wide settings of libvips. Of its loaders only those for JPEG, PNG and WebP can run: its checklist for untrusted pictures asks to block
/// what is not needed, and the loaders it calls trusted (TIFF, HEIF, GIF) have had vulnerabilities too.
/// </summary>
internal static class Libvips
{
    private static readonly string[] Formats = ["Jpeg", "Png", "Webp"];

    private static readonly Lock gate = new();
    private static ILogger? log;
    private static bool ready;

    /// <summary>Idempotent; hosts call it at start, so that a process that cannot be made safe does not serve.</summary>
    /// <param name="logger">Receives libvips' messages; null: they are dropped. They may belong to another thread's picture and are never shown to
    /// callers.</param>
    /// <exception cref="InvalidOperationException">libvips is missing, too old, or a loader cannot be blocked.</exception>
    public static void Initialise(ILogger? logger = null)
    {
        if (logger is not null) log = logger;
        if (Volatile.Read(ref ready)) return;
        lock (gate)
        {
            if (ready) return;
            try
            {
                Configure();
            }
            catch (Exception failure) when (failure is VipsException or TypeInitializationException or DllNotFoundException)
            {
                throw new InvalidOperationException("libvips cannot be loaded; install the NetVips.Native package of this platform.", failure);
            }
            Volatile.Write(ref ready, true);
        }
    }

    /// <summary>The version of the native library.</summary>
    internal static string Version => $"{NetVips.NetVips.Version(0)}.{NetVips.NetVips.Version(1)}.{NetVips.NetVips.Version(2)}";

    internal static void LogFailure(VipsException failure) => log?.LogDebug("libvips: {Message}", failure.Message);

    private static void Configure()
    {
        if (!NetVips.NetVips.AtLeastLibvips(8, 13))
            throw new InvalidOperationException("libvips is older than 8.13 and cannot block loaders; install a newer one.");

        NetVips.NetVips.BlockUntrusted = true;
        Operation.Block("VipsForeignLoad", true);
        foreach (var format in Formats)
        {
            // From memory only: no caller can make it open a file.
            Operation.Block($"VipsForeignLoad{format}Buffer", false);
            Operation.Block($"VipsForeignLoad{format}Source", false);
        }
        EnsureOnly([.. Formats.Select(format => format.ToLowerInvariant()).SelectMany(format => (string[])[$"{format}load_buffer", $"{format}load_source"])]);

        // Requests already run in parallel, and no operation here is repeated.
        NetVips.NetVips.Concurrency = 1;
        Cache.Max = 0;
        Log.SetLogHandler("VIPS", Enums.LogLevelFlags.All, (_, _, message) => log?.LogDebug("libvips: {Message}", message));
    }

    private static void EnsureOnly(string[] allowed)
    {
        var loaders = NetVips.NetVips.GetOperations().Where(name => name.Contains("load", StringComparison.Ordinal) && name != "profile_load");
        var running = loaders.Where(name =>
        {
            using var operation = Operation.NewFromName(name);
            return !operation.GetFlags().HasFlag(Enums.OperationFlags.BLOCKED);
        }).Order(StringComparer.Ordinal).ToArray();
        if (!running.SequenceEqual(allowed))
        {
            throw new InvalidOperationException($"libvips must have exactly the loaders {string.Join(", ", allowed)}, but has {string.Join(", ", running)}.");
        }
    }
}
