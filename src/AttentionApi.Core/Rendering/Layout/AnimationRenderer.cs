using AttentionApi.Core.Imaging;
using AttentionApi.Core.Rendering.Formats;
using AttentionApi.Core.Rendering.Painting;

namespace AttentionApi.Core.Rendering.Layout;

/// <summary>File formats of animations.</summary>
public enum AnimationFormat
{
    Gif, Webp,
}

/// <summary>How an animation is written and played.</summary>
internal sealed record Playback(AnimationFormat Format)
{
    /// <summary>Milliseconds a frame, 20 to 10,000; a multiple of 10, because GIF counts in hundredths of a second.</summary>
    public int Delay { get; init; } = 400;

    /// <summary>How often the whole is played, 0 to 65,535; 0 = for ever.</summary>
    public int Loop { get; init; }
}

/// <summary>A file, and warnings for its reader.</summary>
internal sealed record EncodedPicture(byte[] Bytes, IReadOnlyList<string> Warnings);

/// <summary>Maps over one picture, one after another.</summary>
internal static class AnimationRenderer
{
    public static string MediaType(AnimationFormat format) => format == AnimationFormat.Gif ? "image/gif" : "image/webp";

    /// <param name="image">The oriented original.</param>
    /// <param name="seen">The part of it that the maps cover.</param>
    /// <param name="frames">In the order of time, all with the same number of panels (1 to 16, four in a row); equal frames are kept.</param>
    /// <param name="style">How to show them; the size is that of one panel.</param>
    /// <param name="playback">File format, speed and repetition.</param>
    /// <param name="metadata">GIF: comment; WebP: XMP.</param>
    /// <exception cref="PictureTooLargeException">
    /// All frames together have more than <see cref="PictureTooLargeException.MaximumPixels"/>, or a side is longer than the format allows.
    /// </exception>
    public static EncodedPicture Render(Raster image, Region seen, IReadOnlyList<Frame> frames, OverlayStyle style,
        Playback playback, PictureMetadata? metadata = null)
    {
        var sheet = new PanelSheet(image, seen, frames, style);
        var sequence = new FrameSequence(sheet.Width, sheet.Height, frames.Count, sheet.Draw, sheet.KeyColors);
        var bytes = playback.Format == AnimationFormat.Gif
            ? GifWriter.Write(sequence, playback.Delay, playback.Loop, metadata?.ToComment())
            : AnimatedWebP.Write(sequence, playback.Delay, playback.Loop, metadata);
        return new EncodedPicture(bytes, sheet.Warnings);
    }
}
