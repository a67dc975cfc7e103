namespace AttentionApi.Core.Models;

/// <summary>A rectangle of whole pixels.</summary>
public readonly record struct PixelArea(int X, int Y, int Width, int Height)
{
    public static PixelArea Of(PixelSize size) => new(0, 0, size.Width, size.Height);
}
