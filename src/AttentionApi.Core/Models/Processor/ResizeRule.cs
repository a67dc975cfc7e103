namespace AttentionApi.Core.Models.Processor;

/// <summary>How a picture is brought to the size that the centre crop is taken from.</summary>
internal enum ResizeMode
{
    /// <summary>Not at all: the crop is taken from the picture as it is.</summary>
    None,
    /// <summary>Exactly the given size; the aspect ratio may change.</summary>
    Stretch,
    /// <summary>The shorter edge gets the given length, the longer one follows, rounded down (transformers, torchvision).</summary>
    ShortestEdge,
    /// <summary>The smallest picture of the same shape that covers the given size, rounded (timm, for inputs that are not square).</summary>
    Cover,
    /// <summary>The largest picture of the same shape that fits the given size, rounded; the crop pads the rest.</summary>
    Contain,
}

/// <summary>The resize before the centre crop.</summary>
/// <param name="Mode">What the size means.</param>
/// <param name="Size">The size aimed at; both edges equal for <see cref="ResizeMode.ShortestEdge"/>, meaningless for <see cref="ResizeMode.None"/>.</param>
/// <param name="LongestEdge">For <see cref="ResizeMode.ShortestEdge"/>: the longer edge must not exceed this; if it would, it gets this length and the shorter
/// one follows.</param>
internal readonly record struct ResizeRule(ResizeMode Mode, PixelSize Size, int? LongestEdge = null)
{
    public static ResizeRule None => default;
    public static ResizeRule Stretch(PixelSize size) => new(ResizeMode.Stretch, size);

    /// <summary>The smallest picture of the same shape that covers the size, as torchvision's resize of one edge has it where the size is square.</summary>
    public static ResizeRule Covering(PixelSize size) => size.Width == size.Height ? ShortestEdge(size.Width) : new(ResizeMode.Cover, size);

    /// <summary>The same rule for a crop of another size. Where the crop's shape changes, what gave the shorter edge a length covers the new shape.</summary>
    public ResizeRule Scaled(PixelSize from, PixelSize to)
    {
        if (Mode == ResizeMode.None) return this;
        var sameShape = (long)from.Width * to.Height == (long)from.Height * to.Width;
        if (Mode == ResizeMode.ShortestEdge && !sameShape)
        {
            var share = (double)Size.Width / Math.Min(from.Width, from.Height);
            return new(ResizeMode.Cover, new((int)Math.Round(to.Width * share), (int)Math.Round(to.Height * share)));
        }
        int Scale(int edge, int old, int now) => Math.Max(1, (int)Math.Round((double)edge * now / old));
        return this with
        {
            Size = new(Scale(Size.Width, from.Width, to.Width), Scale(Size.Height, from.Height, to.Height)),
            LongestEdge = LongestEdge is { } longest ? Scale(longest, from.Width, to.Width) : null,
        };
    }

    public static ResizeRule ShortestEdge(int edge, int? longestEdge = null) => new(ResizeMode.ShortestEdge, new(edge, edge), longestEdge);
}
