using System.Diagnostics;
using System.Threading.RateLimiting;
using AttentionApi.Contracts;
using AttentionApi.Core.Analysis;
using AttentionApi.Core.Diagnostics;
using AttentionApi.Core.Imaging;
using AttentionApi.Core.Rendering;
using AttentionApi.Hosting.Limits;

namespace AttentionApi.Cli.Explaining;

/// <summary>One of a picture's files.</summary>
/// <param name="Kind">The word in <c>--save</c>.</param>
/// <param name="Ending">How its name ends, behind the picture's name.</param>
/// <param name="Made">What is in it.</param>
internal sealed record PictureFile(string Kind, string Ending, MadeFile Made);

/// <summary>A picture explained: its files, and what the summary says of it.</summary>
/// <param name="Files">In the order in which they were made.</param>
/// <param name="Predictions">Best first.</param>
/// <param name="Milliseconds">From its bytes to its files.</param>
internal sealed record ExplainedFiles(IReadOnlyList<PictureFile> Files, IReadOnlyList<Prediction> Predictions, double Milliseconds)
{
    /// <summary>What a careful reader must know.</summary>
    public IReadOnlyList<string> Warnings => [.. Files.SelectMany(file => file.Made.Warnings).Distinct()];
}

/// <summary>
/// What a command makes of each picture. As many pictures are in work at once as the server would take: a heavy one takes several slots, as there.
/// </summary>
/// <param name="limits">The server's.</param>
/// <param name="reference">Another picture that each is set against; else null.</param>
/// <param name="drawn">Whether pictures are drawn, or looked at by several models.</param>
internal abstract class PictureWork(LimitsOptions limits, Picture? reference, bool drawn = true) : IDisposable
{
    private readonly ConcurrencyLimiter slots = new(new() { PermitLimit = limits.MaxConcurrent, QueueLimit = int.MaxValue });

    /// <summary>Pictures worth beginning at once.</summary>
    public int AtOnce => limits.MaxConcurrent;

    /// <summary>Models, methods and labels in words.</summary>
    public abstract string Words { get; }

    /// <summary>Runs of the model on changed pictures that each picture needs.</summary>
    public abstract int RunsEach { get; }

    /// <param name="bytes">The picture.</param>
    /// <param name="runs">Counts its runs.</param>
    /// <param name="cancellation">Ends the work.</param>
    /// <exception cref="ImageRefusedException">The picture cannot be decoded.</exception>
    /// <exception cref="Core.Parameters.ParameterException">A label would be truncated.</exception>
    public async Task<ExplainedFiles> ExplainAsync(ReadOnlyMemory<byte> bytes, RunCounter runs, CancellationToken cancellation)
    {
        var picture = new Picture(bytes, limits.Pictures, drawn);
        using var slot = await slots.AcquireAsync(limits.SlotsFor(Work(reference ?? picture) + new WorkEstimate(bytes.Length, 0)), cancellation);
        var began = Stopwatch.GetTimestamp();
        var (files, predictions) = await MakeAsync((picture, reference), new StageTimings { Runs = runs }, cancellation);
        return new(files, [.. predictions.Select(one => new Prediction(one.Label, one.Score, one.Logit))],
            Math.Round(Stopwatch.GetElapsedTime(began).TotalMilliseconds, 3));
    }

    /// <summary>What a picture takes.</summary>
    protected abstract WorkEstimate Work(Picture picture);

    /// <summary>Makes a picture's files.</summary>
    protected abstract Task<(IReadOnlyList<PictureFile> Files, IReadOnlyList<Core.Scoring.Prediction> Predictions)> MakeAsync(
        (Picture Picture, Picture? Reference) pictures, StageTimings timings, CancellationToken cancellation);

    public void Dispose() => slots.Dispose();
}
