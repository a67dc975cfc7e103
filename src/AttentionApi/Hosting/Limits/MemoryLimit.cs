using System.Globalization;

namespace AttentionApi.Hosting.Limits;

/// <summary>
/// The memory that this process may hold before the system ends it: its container's limit, else the machine's memory. .NET tells only what the managed heap may
/// hold.
/// </summary>
internal static class MemoryLimit
{
    // Control groups, version 2 and 1, as a container sees its own; then the machine.
    private static readonly string[] Files = ["/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"];
    private const string Machine = "/proc/meminfo";

    /// <summary>In bytes; null where the system is not Linux.</summary>
    public static long? Read() => Smallest([.. Files.Select(Text), Text(Machine)]);

    /// <param name="texts">Contents of the files, null where there is none.</param>
    internal static long? Smallest(IEnumerable<string?> texts) => texts.Select(Bytes).Min();

    /// <summary>A number; "max" and the like stand for no limit. Of the machine's table the first line counts, "MemTotal: 16318304 kB".</summary>
    private static long? Bytes(string? text)
    {
        if (text is null) return null;
        var words = text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
        if (words is ["MemTotal:", var kibibytes, "kB", ..]) return Number(kibibytes) * 1024;
        return words is [var bytes] ? Number(bytes) : null;
    }

    private static long? Number(string word) => long.TryParse(word, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;

    private static string? Text(string path)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
