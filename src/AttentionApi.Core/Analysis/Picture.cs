using System.Security.Cryptography;
using AttentionApi.Core.Diagnostics;
using AttentionApi.Core.Imaging;

namespace AttentionApi.Core.Analysis;

/// <summary>A received picture: its bytes, the hash that names it in answers and caches, and its pixels, decoded once and only where they are needed.</summary>
/// <param name="bytes">The file.</param>
/// <param name="limits">On its size.</param>
/// <param name="drawn">False where only models look at it: then nothing holds all of its pixels.</param>
internal sealed class Picture(ReadOnlyMemory<byte> bytes, ImageLimits limits, bool drawn = true)
{
    private readonly Lock gate = new();
    private readonly Lazy<ImageHeader> header = new(() => ImageDecoder.ReadHeader(bytes, limits), LazyThreadSafetyMode.PublicationOnly);
    private DecodedImage? decoded;
    private (ImagePreprocessor By, ModelInput Input, PictureFacts Facts)? prepared;

    public ReadOnlyMemory<byte> Bytes { get; } = bytes;

    /// <summary>SHA-256 of the received bytes, lower-case hex.</summary>
    public string Sha256 { get; } = Convert.ToHexStringLower(SHA256.HashData(bytes.Span));

    /// <summary>What its header says; nothing is decoded for it.</summary>
    /// <exception cref="ImageRefusedException">Not a supported format, damaged, or over the limits.</exception>
    public ImageHeader Header => header.Value;

    /// <summary>Most bytes that decoding it holds at once.</summary>
    /// <exception cref="ImageRefusedException">Not a supported format, damaged, or over the limits.</exception>
    public long DecodedBytes => drawn ? Header.DecodedBytes : Header.KeptBytes;

    /// <exception cref="ImageRefusedException">Not a supported format, damaged, or over the limits.</exception>
    /// <exception cref="OperationCanceledException">Cancelled; the next caller has it decoded anew.</exception>
    public DecodedImage Decode(StageTimings timings, CancellationToken cancellation)
    {
        lock (gate)
        {
            if (decoded is not null) return decoded;
            using var _ = timings.Measure(Stages.Decode);
            return decoded = ImageDecoder.Decode(Bytes, limits, cancellation);
        }
    }

    /// <summary>What a model sees of it.</summary>
    /// <exception cref="ImageRefusedException">Not a supported format, damaged, or over the limits.</exception>
    /// <exception cref="OperationCanceledException">Cancelled; the next caller has it decoded anew.</exception>
    public (ModelInput Input, PictureFacts Facts) Prepare(ImagePreprocessor preprocessor, StageTimings timings, CancellationToken cancellation)
    {
        if (drawn)
        {
            var image = Decode(timings, cancellation);
            using var _ = timings.Measure(Stages.Preprocess);
            return (preprocessor.Prepare(image), image.Facts);
        }
        lock (gate)
        {
            if (prepared is not { } known || known.By != preprocessor)
            {
                var (input, facts) = ImageDecoder.Prepare(Bytes, limits, preprocessor, timings, cancellation);
                prepared = known = (preprocessor, input, facts);
            }
            return (known.Input, known.Facts);
        }
    }
}
