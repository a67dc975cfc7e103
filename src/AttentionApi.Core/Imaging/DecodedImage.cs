using AttentionApi.Core.Models;

namespace AttentionApi.Core.Imaging;

/// <summary>A picture as its file shows it: upright, alpha laid on white.</summary>
/// <param name="Width">Pixels, after orientation.</param>
/// <param name="Height">Pixels, after orientation.</param>
/// <param name="Rgb">Row-major interleaved 8-bit RGB, [height, width, 3].</param>
/// <param name="Facts">How the file became this picture.</param>
internal sealed record DecodedImage(int Width, int Height, byte[] Rgb, PictureFacts Facts) : Raster(Width, Height, Rgb);

/// <summary>What is known of a picture once all of it was decoded.</summary>
/// <param name="Size">Upright.</param>
/// <param name="Orientation">EXIF's, 1 to 8, that was applied to what the file stores; 1: none.</param>
/// <param name="FirstOfFrames">True where the file was animated and this is its first frame.</param>
/// <param name="SeenThrough">True where a pixel was not opaque, so that white shows in it.</param>
internal sealed record PictureFacts(PixelSize Size, int Orientation, bool FirstOfFrames, bool SeenThrough)
{
    /// <summary>What a careful reader must know of how the file became this picture.</summary>
    public IReadOnlyList<string> Warnings =>
    [
        .. FirstOfFrames ? ["The picture is animated: its first frame is explained."] : (string[])[],
        .. SeenThrough ? [Transparent] : (string[])[],
    ];

    private const string Transparent = "The picture has transparent parts: they are laid on white, as people see them. "
        + "Reference code that drops the alpha channel (Pillow's convert(\"RGB\")) shows the model the colours below it instead.";
}
