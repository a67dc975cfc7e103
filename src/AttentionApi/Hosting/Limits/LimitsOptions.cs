using System.ComponentModel.DataAnnotations;
using AttentionApi.Core.Explain;
using AttentionApi.Core.Imaging;
using AttentionApi.Core.Rendering;
using AttentionApi.Core.Scoring;

namespace AttentionApi.Hosting.Limits;

/// <summary>Section <c>Limits</c>.</summary>
public sealed class LimitsOptions
{
    /// <summary>Bytes of a request body.</summary>
    [Range(1024, 1 << 30)]
    public long MaxBodyBytes { get; set; } = 20 * 1024 * 1024;

    /// <summary>Pixels of a picture, judged from its header.</summary>
    [Range(1, 700_000_000)]
    public long MaxPixels { get; set; } = 50_000_000;

    /// <summary>Bytes that decoding a picture may hold, judged from its header.</summary>
    [Range(1024, 1L << 40)]
    public long MaxDecodedBytes { get; set; } = ImageLimits.DefaultDecodedBytes;

    /// <summary>Pictures of one batch.</summary>
    [Range(1, 10_000)]
    public int MaxPictures { get; set; } = 64;

    /// <summary>Labels of one request.</summary>
    [Range(1, 100_000)]
    public int MaxLabels { get; set; } = 64;

    /// <summary>Labels times prompts of one request.</summary>
    [Range(1, 10_000_000)]
    public int MaxTexts { get; set; } = LabelLimits.Default.Texts;

    /// <summary>Runs of the vision model that one request may cause besides the one on the picture itself.</summary>
    [Range(0, 1_000_000)]
    public int RunsPerRequest { get; set; } = ExplainRequest.DefaultMaxRuns;

    /// <summary>Slots in which explanations are computed at once; more are refused at once.</summary>
    [Range(1, 100_000)]
    public int MaxConcurrent { get; set; } = 2 * Environment.ProcessorCount;

    /// <summary>Bytes of work that one slot stands for; a request that will hold more takes several.</summary>
    [Range(1 << 20, 1L << 40)]
    public long SlotBytes { get; set; } = 96 << 20;

    /// <summary>Bytes that all uploads together hold before they have a slot; more are refused at once.</summary>
    [Range(1 << 20, 1L << 40)]
    public long UploadBytes { get; set; } = 128 << 20;

    /// <summary>Bytes of all answers that wait for their readers outside of a slot; those that find no room are sent from inside.</summary>
    [Range(0, 1L << 40)]
    public long AnswerBytes { get; set; } = 128 << 20;

    /// <summary>Seconds that a request may take, the wait for a model's load included.</summary>
    [Range(0.001, 3600)]
    public double RequestSeconds { get; set; } = 60;

    /// <summary>Seconds that the caller may take to read an answer.</summary>
    [Range(0.001, 3600)]
    public double AnswerSeconds { get; set; } = 120;

    /// <summary>The lowest rate at which bodies and answers may be transferred; slower callers are cut off after five seconds.</summary>
    [Range(1, 1 << 30)]
    public double MinBytesPerSecond { get; set; } = 16 * 1024;

    /// <summary>Connections open at once; further ones are closed.</summary>
    [Range(1, 1_000_000)]
    public int MaxConnections { get; set; } = 256;

    /// <summary>How long a caller may be slower than <see cref="MinBytesPerSecond"/>.</summary>
    internal static readonly TimeSpan Grace = TimeSpan.FromSeconds(5);

    public TimeSpan RequestTime => TimeSpan.FromSeconds(RequestSeconds);
    /// <summary>A body may take as long as an answer; within Kestrel's grace for slow senders it is the machine that is slow.</summary>
    public TimeSpan BodyTime => RequestTime > Grace ? RequestTime : Grace;
    public TimeSpan AnswerTime => TimeSpan.FromSeconds(AnswerSeconds);
    public LabelLimits Labels => new(MaxLabels, MaxTexts);
    public ImageLimits Pictures => new(MaxPixels, MaxDecodedBytes: MaxDecodedBytes);

    /// <summary>Slots for long work: calls of many runs, and the pictures of batches. The other half is left to short calls.</summary>
    internal int LongSlots => Math.Max(1, MaxConcurrent / 2);

    /// <summary>Runs that take one of <see cref="LongSlots"/>; a call of fewer runs is short.</summary>
    private const int RunsPerSlot = 96;

    /// <summary>How many of <see cref="LongSlots"/> the work takes: none where it is short, and at most half, so that a second call fits beside it.</summary>
    internal int LongSlotsFor(WorkEstimate work) => Math.Min(work.Runs / RunsPerSlot, Math.Max(1, LongSlots / 2));

    /// <summary>Slots that the work takes, at most all.</summary>
    internal int SlotsFor(WorkEstimate work) =>
        Math.Max((int)Math.Clamp((work.Bytes + SlotBytes - 1) / SlotBytes, 1, MaxConcurrent), LongSlotsFor(work));
}
