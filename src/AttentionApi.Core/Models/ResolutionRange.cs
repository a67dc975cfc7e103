namespace AttentionApi.Core.Models;

/// <summary>Sizes that a model takes beside its own: each side in pixels, a multiple of a step.</summary>
public sealed record ResolutionRange(int Minimum, int Maximum, int Step)
{
    public bool Contains(PixelSize size) => IsSide(size.Width) && IsSide(size.Height);

    private bool IsSide(int side) => side >= Minimum && side <= Maximum && side % Step == 0;
}
