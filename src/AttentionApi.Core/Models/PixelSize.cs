namespace AttentionApi.Core.Models;

/// <summary>A size in whole pixels.</summary>
public readonly record struct PixelSize(int Width, int Height)
{
    public override string ToString() => $"{Width}x{Height}";
}
