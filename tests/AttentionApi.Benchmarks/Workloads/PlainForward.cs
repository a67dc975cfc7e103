using System.Diagnostics;
using AttentionApi.Benchmarks.Synthetic;
using AttentionApi.Core.Runtime.Sessions;
using Microsoft.ML.OnnxRuntime;

namespace AttentionApi.Benchmarks.Workloads;

/// <summary>How plain sessions are made.</summary>
internal sealed record SessionSettings(int Sessions, int Threads, bool Spinning = false, bool Arena = true, bool Cuda = false);

/// <summary>
/// The reference of all comparisons: the unchanged file in ONNX Runtime with usual settings, pixels in, image embedding out.
/// </summary>
internal sealed class PlainForward : IDisposable
{
    private readonly InferenceSession[] sessions;
    private readonly float[] pixels = Pixels();

    public PlainForward(string file, SessionSettings settings)
    {
        using var options = new SessionOptions { IntraOpNumThreads = settings.Threads, EnableCpuMemArena = settings.Arena };
        options.AddSessionConfigEntry("session.intra_op.allow_spinning", settings.Spinning ? "1" : "0");
        // With the provider's options of the host: what it does besides is what is compared.
        if (settings.Cuda) CudaProvider.Append(options, new InferenceOptions(), device: 0);
        sessions = [.. Enumerable.Range(0, settings.Sessions).Select(_ => new InferenceSession(file, options))];
        Run();
    }

    public void Run(int session = 0) => Run(session, pixels, 1);

    /// <summary>Pictures a second of one caller that runs batches of this size.</summary>
    public double BatchThroughput(int batch, int runs)
    {
        float[] pictures = [.. Enumerable.Repeat(pixels, batch).SelectMany(picture => picture)];
        var began = Stopwatch.GetTimestamp();
        for (var run = 0; run < runs; run += batch) Run(0, pictures, batch);
        return runs / Stopwatch.GetElapsedTime(began).TotalSeconds;
    }

    private void Run(int session, float[] pictures, int batch)
    {
        using var input = OrtValue.CreateTensorValueFromMemory(pictures, [batch, 3, SyntheticClip.ImageSize, SyntheticClip.ImageSize]);
        using var options = new RunOptions();
        using var outputs = sessions[session].Run(options, ["pixel_values"], [input], ["image_embeds"]);
    }

    /// <summary>Pictures a second of <paramref name="callers"/> threads that share <paramref name="runs"/> runs.</summary>
    public double Throughput(int callers, int runs)
    {
        var left = runs;
        var began = Stopwatch.GetTimestamp();
        var threads = Enumerable.Range(0, callers).Select(caller => new Thread(() =>
        {
            while (Interlocked.Decrement(ref left) >= 0) Run(caller % sessions.Length);
        })).ToArray();
        foreach (var thread in threads) thread.Start();
        foreach (var thread in threads) thread.Join();
        return runs / Stopwatch.GetElapsedTime(began).TotalSeconds;
    }

    private static float[] Pixels()
    {
        var random = new Random(1);
        return [.. Enumerable.Range(0, 3 * SyntheticClip.ImageSize * SyntheticClip.ImageSize).Select(_ => (float)(2 * random.NextDouble() - 1))];
    }

    public void Dispose()
    {
        foreach (var session in sessions) session.Dispose();
    }
}
