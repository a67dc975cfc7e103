namespace AttentionApi.Core.Rendering.Painting;

/// <summary>
/// Lays colours over pixels, rounded with halves up: out = (1 − o)·picture + o·colour. o is the opacity; times the value under <see cref="Blend.Value"/>;
/// under <see cref="Blend.Glow"/> opacity·(2 − opacity) times the value, so that half of it already lights up. Under <see cref="Blend.Gray"/> and
/// <see cref="Blend.Glow"/> the picture is its luma, dimmed.
/// </summary>
internal sealed class PixelBlender
{
    /// <summary>Luma of red, green and blue (W3C Compositing and Blending, "Lum"), which browsers use too.</summary>
    private static readonly double[] Luma = [0.3, 0.59, 0.11];

    private readonly bool gray;

    /// <summary>What the luma is multiplied by: #808080, #C0C0C0.</summary>
    private readonly double dimmed;

    private readonly double opacity;

    /// <summary>The part that each colour adds at its index, [index, channel].</summary>
    private readonly double[] colors = new double[ColormapTables.Entries * 3];

    /// <summary>The share of the picture that shows through at each index.</summary>
    private readonly double[] picture = new double[ColormapTables.Entries];

    /// <param name="colormap">The colours.</param>
    /// <param name="opacity">0 shows the picture alone, in its colours, whatever the blend.</param>
    /// <param name="blend">How colours are laid over it.</param>
    /// <param name="signed">Where the opacity follows the value: whether the middle colour stands for zero.</param>
    public PixelBlender(Colormap colormap, double opacity, Blend blend, bool signed)
    {
        const double last = ColormapTables.Entries - 1;
        var (follows, most) = (blend is Blend.Value or Blend.Glow, blend == Blend.Glow ? opacity * (2 - opacity) : opacity);
        this.opacity = most;
        (gray, dimmed) = (blend is Blend.Gray or Blend.Glow && opacity > 0, (blend == Blend.Glow ? 192 : 128) / 255.0);
        var table = ColormapTables.Of(colormap);
        for (var index = 0; index < ColormapTables.Entries; index++)
        {
            var share = follows ? most * (signed ? Math.Abs(2 * index - last) : index) / last : most;
            picture[index] = 1 - share;
            for (var channel = 0; channel < 3; channel++) colors[index * 3 + channel] = share * table[index * 3 + channel];
        }
    }

    /// <param name="positions">Colour indices, not yet clipped, one a pixel.</param>
    /// <param name="rgb">The picture's pixels; gets the result.</param>
    public void Apply(ReadOnlySpan<double> positions, Span<byte> rgb)
    {
        for (var x = 0; x < positions.Length; x++)
        {
            var index = Truncate(Math.Clamp(positions[x], 0, ColormapTables.Entries - 1));
            var pixel = rgb.Slice(x * 3, 3);
            var color = colors.AsSpan(index * 3, 3);
            var share = picture[index];
            if (gray)
            {
                var luma = share * dimmed * (Luma[0] * pixel[0] + Luma[1] * pixel[1] + Luma[2] * pixel[2]);
                pixel[0] = (byte)Truncate(luma + color[0] + 0.5);
                pixel[1] = (byte)Truncate(luma + color[1] + 0.5);
                pixel[2] = (byte)Truncate(luma + color[2] + 0.5);
            }
            else
            {
                pixel[0] = (byte)Truncate(share * pixel[0] + color[0] + 0.5);
                pixel[1] = (byte)Truncate(share * pixel[1] + color[1] + 0.5);
                pixel[2] = (byte)Truncate(share * pixel[2] + color[2] + 0.5);
            }
        }
    }

    /// <summary>Lays colours over pixels that are given as such, 0…1, not yet clipped.</summary>
    public void ApplyColors(ReadOnlySpan<double> red, ReadOnlySpan<double> green, ReadOnlySpan<double> blue, Span<byte> rgb)
    {
        for (var x = 0; x < red.Length; x++)
        {
            var pixel = rgb.Slice(x * 3, 3);
            var luma = dimmed * (Luma[0] * pixel[0] + Luma[1] * pixel[1] + Luma[2] * pixel[2]);
            pixel[0] = Mixed(gray ? luma : pixel[0], red[x]);
            pixel[1] = Mixed(gray ? luma : pixel[1], green[x]);
            pixel[2] = Mixed(gray ? luma : pixel[2], blue[x]);
        }

        byte Mixed(double own, double color) => (byte)Truncate((1 - opacity) * own + opacity * 255 * Math.Clamp(color, 0, 1) + 0.5);
    }

    /// <summary>The processor's own conversion: C#'s cast also saturates, which takes a third of the loop's time.</summary>
    private static int Truncate(double value) => double.ConvertToIntegerNative<int>(value);
}
