using System.ComponentModel.DataAnnotations;
using AttentionApi.Core.Imaging;

namespace AttentionApi.Hosting;

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

    /// <summary>Labels of one request.</summary>
    [Range(1, 100_000)]
    public int MaxLabels { get; set; } = 64;

    /// <summary>Explanations computed at once; more are refused at once.</summary>
    [Range(1, 100_000)]
    public int MaxConcurrent { get; set; } = 2 * Environment.ProcessorCount;

    /// <summary>Seconds that a request may take, the wait for a model's load included.</summary>
    [Range(0.001, 3600)]
    public double RequestSeconds { get; set; } = 60;

    public TimeSpan RequestTime => TimeSpan.FromSeconds(RequestSeconds);
}
