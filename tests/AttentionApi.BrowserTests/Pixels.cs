using AttentionApi.Core.Imaging;

namespace AttentionApi.BrowserTests;

/// <summary>A picture and what the model saw of it, with a square grid of patches.</summary>
public sealed record Picture(float Width, float Height, float SeenX, float SeenY, float SeenSize)
{
    /// <summary>Rows, and as many columns.</summary>
    public int Grid { get; init; } = Demo.Side;

    /// <summary>Of a sample: the centre square.</summary>
    public static Picture Centred(float width, float height) =>
        new(width, height, (width - Math.Min(width, height)) / 2, (height - Math.Min(width, height)) / 2, Math.Min(width, height));

    public (float X, float Y) Centre(int row, int column) => (SeenX + (column + 0.5f) * SeenSize / Grid, SeenY + (row + 0.5f) * SeenSize / Grid);
}

/// <summary>Pixels of the stage (RGBA) or of a decoded picture (RGB), row-major.</summary>
public sealed record Pixels(int Width, int Height, int Channels, byte[] Bytes)
{
    public static Pixels Of(byte[] file)
    {
        var image = ImageDecoder.Decode(file, ImageLimits.Default, CancellationToken.None);
        return new(image.Width, image.Height, 3, image.Rgb);
    }

    public (int R, int G, int B) At((float X, float Y) point)
    {
        var at = Channels * ((int)point.Y * Width + (int)point.X);
        return (Bytes[at], Bytes[at + 1], Bytes[at + 2]);
    }

    /// <summary>Whether the eight pixels around a point have nearly its colour.</summary>
    public bool IsEven((float X, float Y) point) =>
        (from dy in Enumerable.Range(-1, 3) from dx in Enumerable.Range(-1, 3) select At((point.X + dx, point.Y + dy)))
        .All(color => new Near(4).Equals(color, At(point)));

    public bool Shows(Pixels other) => Bytes.AsSpan().SequenceEqual(other.Bytes);
}

/// <summary>Colours that differ by no more than a few of 256 steps.</summary>
public sealed class Near(int tolerance) : EqualityComparer<(int R, int G, int B)>
{
    public override bool Equals((int R, int G, int B) x, (int R, int G, int B) y) =>
        Math.Abs(x.R - y.R) <= tolerance && Math.Abs(x.G - y.G) <= tolerance && Math.Abs(x.B - y.B) <= tolerance;

    public override int GetHashCode((int R, int G, int B) obj) => 0;
}
