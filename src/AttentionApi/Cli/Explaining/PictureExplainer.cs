using System.Diagnostics;
using System.Threading.RateLimiting;
using AttentionApi.Contracts;
using AttentionApi.Core.Analysis;
using AttentionApi.Core.Diagnostics;
using AttentionApi.Core.Explain;
using AttentionApi.Core.Imaging;
using AttentionApi.Core.Rendering;
using AttentionApi.Hosting;

namespace AttentionApi.Cli.Explaining;

/// <summary>A picture explained: its files, and what the summary says of it.</summary>
/// <param name="Files">In the order of <see cref="PlannedOutputs.Files"/>.</param>
/// <param name="Predictions">Best first.</param>
/// <param name="Warnings">What a careful reader must know.</param>
/// <param name="Milliseconds">From its bytes to its files.</param>
internal sealed record ExplainedFiles(
    IReadOnlyList<MadeFile> Files, IReadOnlyList<Prediction> Predictions, IReadOnlyList<string> Warnings, double Milliseconds);

/// <summary>
/// Explains pictures, as many at once as the server would: a heavy one takes several slots, as there. One inspection serves all files of a picture,
/// so that they cost one model run.
/// </summary>
internal sealed class PictureExplainer(PictureAnalyzer analyzer, PlannedOutputs planned, LimitsOptions limits, Picture? reference = null) : IDisposable
{
    private readonly ConcurrencyLimiter slots = new(new() { PermitLimit = limits.MaxConcurrent, QueueLimit = int.MaxValue });

    /// <summary>Pictures worth beginning at once.</summary>
    public int AtOnce => limits.MaxConcurrent;

    /// <exception cref="ImageRefusedException">The picture cannot be decoded.</exception>
    /// <exception cref="Core.Parameters.ParameterException">A label would be truncated.</exception>
    public async Task<ExplainedFiles> ExplainAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellation)
    {
        var picture = new Picture(bytes, limits.Pictures);
        var header = (reference ?? picture).Header;
        var heaviest = planned.Files.Max(file => WorkEstimate.Bytes(file.Plan, header)) + bytes.Length;
        using var slot = await slots.AcquireAsync(limits.SlotsFor(heaviest), cancellation);

        var began = Stopwatch.GetTimestamp();
        var inspection = Inspection.Of(planned.Model, analyzer, (picture, reference), planned.Labels, new StageTimings(), planned.Top);
        var files = new List<MadeFile>();
        Explanation? explanation = null;
        foreach (var (output, plan) in planned.Files)
        {
            explanation = await Explanation.BeginAsync(plan, inspection, cancellation);
            files.Add(await output.MakeAsync(explanation, cancellation));
        }
        var predictions = explanation!.Scoring.Predictions.Select(one => new Prediction(one.Label, one.Score, one.Logit));
        var milliseconds = Math.Round(Stopwatch.GetElapsedTime(began).TotalMilliseconds, 3);
        return new(files, [.. predictions], [.. files.SelectMany(file => file.Warnings).Distinct()], milliseconds);
    }

    public void Dispose() => slots.Dispose();
}
