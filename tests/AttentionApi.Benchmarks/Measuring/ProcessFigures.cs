using System.Globalization;

namespace AttentionApi.Benchmarks.Measuring;

/// <summary>What a process holds, as Linux counts it.</summary>
/// <param name="ResidentBytes">Now.</param>
/// <param name="PeakBytes">Since its start.</param>
internal sealed record ProcessFigures(long ResidentBytes, long PeakBytes, int Threads, int Handles)
{
    public static ProcessFigures Of(int process)
    {
        var status = File.ReadLines($"/proc/{process}/status").Select(line => line.Split(':', 2)).ToDictionary(parts => parts[0], parts => parts[1].Trim());
        return new(Kibibytes("VmRSS"), Kibibytes("VmHWM"), (int)Number("Threads"), Directory.EnumerateFiles($"/proc/{process}/fd").Count());

        long Kibibytes(string name) => 1024 * Number(name);
        long Number(string name) => long.Parse(status[name].Split(' ')[0], CultureInfo.InvariantCulture);
    }

    /// <summary>Processor time of a process's living threads, to the nanosecond, where the kernel's own sum counts in hundredths of a second.</summary>
    public static TimeSpan Processor(int process) =>
        TimeSpan.FromMicroseconds(Directory.EnumerateDirectories($"/proc/{process}/task").Sum(thread => Nanoseconds(thread) / 1000.0));

    private static long Nanoseconds(string thread)
    {
        try
        {
            return long.Parse(File.ReadAllText(Path.Combine(thread, "schedstat")).Split(' ')[0], CultureInfo.InvariantCulture);
        }
        catch (IOException)
        {
            // It has ended since it was listed.
            return 0;
        }
    }
}
