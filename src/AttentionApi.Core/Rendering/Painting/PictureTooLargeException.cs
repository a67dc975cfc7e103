namespace AttentionApi.Core.Rendering.Painting;

/// <summary>The requested picture would be too large; the message says how large, and what to ask for instead.</summary>
public sealed class PictureTooLargeException(string message) : Exception(message)
{
    /// <summary>Pixels that one answer may have, all frames together.</summary>
    public const long MaximumPixels = 64_000_000;

    internal static void ThrowIfOver(string what, long width, long height, long frames, string remedy)
    {
        var pixels = width * height * frames;
        if (pixels <= MaximumPixels) return;
        var size = FormattableString.Invariant($"{(frames > 1 ? $"{frames} × " : "")}{width} × {height} pixels, {pixels / 1e6:0.#} megapixels");
        throw new PictureTooLargeException($"{what} would have {size}; at most {MaximumPixels / 1_000_000} are drawn. {remedy}");
    }
}
