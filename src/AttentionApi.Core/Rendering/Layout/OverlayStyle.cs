using AttentionApi.Core.Rendering.Painting;

namespace AttentionApi.Core.Rendering.Layout;

/// <summary>How maps are laid over a picture.</summary>
internal sealed record OverlayStyle
{
    /// <summary>Null: viridis, coolwarm for signed maps.</summary>
    public Colormap? Colormap { get; init; }

    /// <summary>0: the picture alone, 1: the colours alone.</summary>
    public double Opacity { get; init; } = 0.5;

    public Blend Blend { get; init; } = Blend.Flat;

    public Scaling Scaling { get; init; } = Scaling.Percentile;
    public Interpolation Interpolation { get; init; } = Interpolation.Bilinear;
    public PictureSize Size { get; init; } = PictureSize.Original(2048);

    /// <summary>A strip below with a colour bar, its numbers and the caption.</summary>
    public bool Legend { get; init; }
}
