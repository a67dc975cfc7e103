namespace AttentionApi.Core.Models;

/// <summary>Width and height in pixels of what a model is given, or of one patch of it.</summary>
public readonly record struct ImageSize(int Width, int Height)
{
    public override string ToString() => $"{Width}x{Height}";
}
