namespace AttentionApi.Core.Imaging;

/// <summary>A picture as its file shows it: upright, alpha laid on white.</summary>
/// <param name="Width">Pixels, after orientation.</param>
/// <param name="Height">Pixels, after orientation.</param>
/// <param name="Rgb">Row-major interleaved 8-bit RGB, [height, width, 3].</param>
/// <param name="FirstOfFrames">True where the file was animated and this is its first frame.</param>
internal sealed record DecodedImage(int Width, int Height, byte[] Rgb, bool FirstOfFrames) : Raster(Width, Height, Rgb);
