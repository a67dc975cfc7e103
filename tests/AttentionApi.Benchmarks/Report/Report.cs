using System.Runtime.InteropServices;
using System.Text.Json;
using AttentionApi.Benchmarks.Measuring;
using Microsoft.ML.OnnxRuntime;

namespace AttentionApi.Benchmarks.Report;

/// <summary>
/// The figures of one run, as written to the JSON file (camel case; docs/performance.md describes the fields). Ratios are to the plain forward pass measured
/// just before and just after; quartiles are { lower, median, upper }.
/// </summary>
internal sealed record Report(string Format, Machine Machine, string Provider, int Rounds, double DemoReadySeconds, IReadOnlyList<ModelReport> Models)
{
    public const string CurrentFormat = "attention-api-benchmark/1";

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    public void Save(string path) => File.WriteAllText(path, JsonSerializer.Serialize(this, Json));
}

/// <summary>One model's figures.</summary>
/// <param name="Stages">In one process, without HTTP; the first is the plain forward itself.</param>
/// <param name="Requests">Over HTTP; the first is the plain forward itself.</param>
internal sealed record ModelReport(
    string Id, IReadOnlyList<Measurement> Stages, IReadOnlyList<Measurement> Requests,
    IReadOnlyList<Throughput> Throughput, Memory Memory, double StartToReadySeconds);

/// <summary>Where it was measured.</summary>
internal sealed record Machine(DateTimeOffset Date, string Processor, int Cores, string System, string DotNet, string OnnxRuntime)
{
    public static Machine Here() => new(
        DateTimeOffset.UtcNow, ProcessorName(), Environment.ProcessorCount, RuntimeInformation.OSDescription,
        RuntimeInformation.FrameworkDescription, OrtEnv.Instance().GetVersionString());

    private static string ProcessorName() =>
        File.ReadLines("/proc/cpuinfo").FirstOrDefault(line => line.StartsWith("model name", StringComparison.Ordinal))?.Split(':', 2)[1].Trim() ?? "unknown";
}
