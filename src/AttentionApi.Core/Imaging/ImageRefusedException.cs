namespace AttentionApi.Core.Imaging;

/// <summary>Why a received picture is refused.</summary>
public enum ImageFault
{
    /// <summary>Not JPEG, PNG or WebP (415).</summary>
    Unsupported,
    /// <summary>Cannot be decoded to its end (422).</summary>
    Damaged,
    /// <summary>Over a limit on pixels or edges (422).</summary>
    TooLarge,
}

/// <summary>A received picture cannot be used; <see cref="Exception.Message"/> tells people why and what to do, without the decoder's own text.</summary>
public sealed class ImageRefusedException(ImageFault fault, string message) : Exception(message)
{
    public ImageFault Fault { get; } = fault;
}
