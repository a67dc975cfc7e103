using AttentionApi.Core.Imaging;

namespace AttentionApi.Core.Rendering.Formats;

/// <summary>Frames that are drawn when an encoder needs them, so that they are not all in memory.</summary>
/// <param name="Width">Of every frame, in pixels.</param>
/// <param name="Height">Of every frame, in pixels.</param>
/// <param name="Count">Number of frames.</param>
/// <param name="Draw">Draws one frame over the whole canvas; called from several threads, each with its own canvas, and more than once for a frame.</param>
/// <param name="KeyColors">Colours that a palette must have: legends are read by them.</param>
internal sealed record FrameSequence(int Width, int Height, int Count, Action<int, Raster> Draw, IReadOnlyList<Rgb> KeyColors)
{
    /// <summary>Draws every frame and passes it on, frames in parallel, with one canvas per thread.</summary>
    public void ForEach(Action<int, Raster> action) => Parallel.For(0, Count,
        () => Raster.Uninitialized(Width, Height),
        (index, _, canvas) =>
        {
            Draw(index, canvas);
            action(index, canvas);
            return canvas;
        },
        _ => { });
}
