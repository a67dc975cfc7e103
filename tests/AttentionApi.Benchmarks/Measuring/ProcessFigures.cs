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
}
