using AttentionApi.Benchmarks.Measuring;

namespace AttentionApi.Benchmarks.Report;

/// <summary>The report for people, as Markdown tables. Each is printed as soon as it was measured, so that a time limit leaves those before it.</summary>
internal static class ReportTable
{
    public static void Print(Machine machine, string provider, int rounds, TextWriter output) =>
        output.WriteLine($"{machine.Processor}, {machine.Cores} cores, {machine.System}, {machine.DotNet}, ONNX Runtime {machine.OnnxRuntime}, "
            + $"{provider}, {machine.Date:yyyy-MM-dd}, medians of {rounds}");

    /// <summary>Nothing where nothing was measured.</summary>
    public static void Print(IReadOnlyList<Measurement> measurements, string what, bool withAllocations, TextWriter output)
    {
        if (measurements.Count == 0) return;
        output.WriteLine();
        output.WriteLine($"| {what} | ms | x plain forward (quartiles) | processor time, x |{(withAllocations ? " allocated, KiB |" : "")}");
        output.WriteLine($"|---|---|---|---|{(withAllocations ? "---|" : "")}");
        foreach (var (name, milliseconds, ratio, cpu, allocated) in measurements)
        {
            output.WriteLine($"| {name} | {milliseconds.Median:F2} | {ratio.Median:F3} ({ratio.Lower:F3}-{ratio.Upper:F3}) | "
                + $"{cpu.Median:F3} |{(withAllocations ? $" {allocated / 1024:F0} |" : "")}");
        }
    }

    public static void Print(IReadOnlyList<Throughput> throughput, TextWriter output)
    {
        var best = throughput.Max(measured => measured.Plain);
        output.WriteLine();
        output.WriteLine("| callers | plain runs a second | in batches of | pictures a second | /explain a second | x plain | x plain's best | x batches |");
        output.WriteLine("|---|---|---|---|---|---|---|---|");
        foreach (var (callers, plain, batch, batches, explain) in throughput)
        {
            output.WriteLine($"| {callers} | {plain:F1} | {batch} | {batches:F1} | {explain:F1} | {explain / plain:F2} | {explain / best:F2} | "
                + $"{explain / batches:F2} |");
        }
    }

    public static void Print(Memory memory, TextWriter output)
    {
        output.WriteLine();
        output.WriteLine($"Memory, MB: model files {Megabytes(memory.ModelFiles)}, a .NET program with plain sessions {Megabytes(memory.Plain)}, "
            + $"the host {Megabytes(memory.Host)} "
            + $"({Megabytes(memory.Host - memory.Plain)} more), at most {Megabytes(memory.HostPeak)}.");
    }

    private static string Megabytes(long bytes) => $"{bytes / 1e6:F0}";
}
