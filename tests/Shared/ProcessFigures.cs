using System.Globalization;
using System.Runtime.InteropServices;

namespace AttentionApi.Shared;

/// <summary>What a process holds, as Linux counts it.</summary>
/// <param name="ResidentBytes">Now.</param>
/// <param name="PeakBytes">Since its start, or since <see cref="ForgetPeak"/>.</param>
internal sealed partial record ProcessFigures(long ResidentBytes, long PeakBytes, int Threads, int Handles)
{
    public static ProcessFigures Of(int process)
    {
        var status = File.ReadLines($"/proc/{process}/status").Select(line => line.Split(':', 2)).ToDictionary(parts => parts[0], parts => parts[1].Trim());
        return new(Kibibytes("VmRSS"), Kibibytes("VmHWM"), (int)Number("Threads"), Directory.EnumerateFiles($"/proc/{process}/fd").Count());

        long Kibibytes(string name) => 1024 * Number(name);
        long Number(string name) => long.Parse(status[name].Split(' ')[0], CultureInfo.InvariantCulture);
    }

    /// <summary>Lets the peak begin anew (proc(5), clear_refs).</summary>
    public static void ForgetPeak(int process) => File.WriteAllText($"/proc/{process}/clear_refs", "5");

    /// <summary>
    /// Processor time of a process to the nanosecond, ended threads included; <see cref="System.Diagnostics.Process.TotalProcessorTime"/> counts in hundredths
    /// of a second.
    /// </summary>
    public static TimeSpan Processor(int process)
    {
        // A process's processor clock, as clock_getcpuclockid(3) makes it.
        const int scheduler = 2;
        if (ClockGetTime((~process << 3) | scheduler, out var time) != 0)
            throw new InvalidOperationException($"The processor time of process {process} cannot be read.");
        return TimeSpan.FromSeconds(time.Seconds) + TimeSpan.FromMicroseconds(time.Nanoseconds / 1000.0);
    }

    [LibraryImport("libc", EntryPoint = "clock_gettime")]
    private static partial int ClockGetTime(int clock, out Time time);

    private readonly record struct Time(long Seconds, long Nanoseconds);
}
