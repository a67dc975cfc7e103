using AttentionApi.Core.Models;
using AttentionApi.Core.Models.Processor;

namespace AttentionApi.Core.Imaging;

/// <summary>Where a model's input lies on a picture.</summary>
/// <param name="Picture">The oriented original.</param>
/// <param name="Resized">What the original is resized to.</param>
/// <param name="Left">The input's left edge on the resized picture; negative where the picture is narrower than the input.</param>
/// <param name="Top">The input's upper edge on the resized picture, likewise.</param>
/// <param name="Input">The input's size.</param>
internal readonly record struct CropGeometry(PixelSize Picture, PixelSize Resized, int Left, int Top, PixelSize Input)
{
    /// <summary>The input's area in pixels of the original, in real numbers; beyond the original's edges where the crop pads.</summary>
    public Region Seen => RegionOf(PixelArea.Of(Input));

    /// <summary>The same for a part of the input.</summary>
    public Region RegionOf(PixelArea area) => new(
        (double)(Left + area.X) * Picture.Width / Resized.Width,
        (double)(Top + area.Y) * Picture.Height / Resized.Height,
        (double)area.Width * Picture.Width / Resized.Width,
        (double)area.Height * Picture.Height / Resized.Height);

    /// <summary>The size of what the input shows of the resized picture; smaller than the input where the crop pads.</summary>
    public PixelSize Window => new(
        Math.Min(Resized.Width, Left + Input.Width) - Math.Max(0, Left),
        Math.Min(Resized.Height, Top + Input.Height) - Math.Max(0, Top));

    public static CropGeometry Of(PixelSize picture, PreprocessorConfig config)
    {
        var resized = Resize(picture, config.Resize);
        return new CropGeometry(
            picture,
            resized,
            Offset(resized.Width, config.Input.Width, config.TorchvisionCrop),
            Offset(resized.Height, config.Input.Height, config.TorchvisionCrop),
            config.Input);
    }

    private static PixelSize Resize(PixelSize picture, ResizeRule rule)
    {
        var horizontal = (double)picture.Width / rule.Size.Width;
        var vertical = (double)picture.Height / rule.Size.Height;
        return rule.Mode switch
        {
            ResizeMode.None => picture,
            ResizeMode.Stretch => rule.Size,
            ResizeMode.ShortestEdge => ToShortestEdge(picture, rule.Size.Width, rule.LongestEdge),
            ResizeMode.Cover => Divide(picture, Math.Min(horizontal, vertical)),
            _ => Divide(picture, Math.Max(horizontal, vertical)),
        };
    }

    // Python's rounding: half to even.
    private static PixelSize Divide(PixelSize picture, double factor) =>
        new(Math.Max(1, (int)Math.Round(picture.Width / factor)), Math.Max(1, (int)Math.Round(picture.Height / factor)));

    private static PixelSize ToShortestEdge(PixelSize picture, double edge, int? longestEdge)
    {
        var (shorter, longer) = (Math.Min(picture.Width, picture.Height), Math.Max(picture.Width, picture.Height));
        var other = (int)(edge * longer / shorter);
        if ((double)longer / shorter * edge > longestEdge)
        {
            var exact = (double)longestEdge.Value * shorter / longer;
            edge = Math.Max(1, Math.Round(exact));
            other = (int)(exact * longer / shorter);
        }
        return picture.Width <= picture.Height ? new PixelSize((int)edge, other) : new PixelSize(other, (int)edge);
    }

    private static int Offset(int resized, int input, bool torchvision)
    {
        var excess = resized - input;
        if (!torchvision) return (int)Math.Floor(excess / 2.0);
        return excess >= 0 ? (int)Math.Round(excess / 2.0) : -(-excess / 2);
    }
}
