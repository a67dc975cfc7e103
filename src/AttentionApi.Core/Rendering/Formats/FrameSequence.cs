using AttentionApi.Core.Rendering.Painting;

namespace AttentionApi.Core.Rendering.Formats;

/// <summary>Frames that are drawn when an encoder wants them, so that they need not all lie in memory.</summary>
/// <param name="Width">Of every frame, in pixels.</param>
/// <param name="Height">Of every frame, in pixels.</param>
/// <param name="Count">Number of frames.</param>
/// <param name="Draw">Draws one frame over the whole canvas; called from several threads, each with a canvas of its own, and more than once a frame.</param>
/// <param name="KeyColours">Colours that a palette must have: legends are read by them.</param>
internal sealed record FrameSequence(int Width, int Height, int Count, Action<int, Raster> Draw, IReadOnlyList<Rgb> KeyColours)
{
    /// <summary>Draws every frame and hands it on, frames in parallel, with one canvas a thread.</summary>
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
