using AttentionApi.Core.Explain;
using AttentionApi.Core.Imaging;

namespace AttentionApi.Core.Rendering.Painting;

/// <summary>
/// Draws maps over one backdrop. Pixel by pixel: sample the grid, scale, clip to 0…1, colour index min(255, ⌊256·v⌋), blend.
/// Pixels that the model did not see stay unchanged.
/// </summary>
internal sealed class OverlayPainter
{
    private readonly Backdrop backdrop;
    private readonly Interpolation interpolation;
    private readonly PixelRange columns;
    private readonly PixelRange rows;
    private readonly PixelBlender signed, unsigned;

    public OverlayPainter(Backdrop backdrop, Interpolation interpolation, Colormap colormap, double opacity, Blend blend = Blend.Flat)
    {
        this.backdrop = backdrop;
        this.interpolation = interpolation;
        columns = backdrop.Horizontal.Seen(backdrop.Width);
        rows = backdrop.Vertical.Seen(backdrop.Height);
        unsigned = new PixelBlender(colormap, opacity, blend, signed: false);
        signed = new PixelBlender(colormap, opacity, blend, signed: true);
    }

    /// <summary>Draws backdrop and map with the top left corner at (left, top) of the canvas.</summary>
    public void Paint(Heatmap map, ColorScale scale, Raster canvas, int left, int top)
    {
        var grid = ScaledGrid(map, scale);
        var blender = map.Signed ? signed : unsigned;
        InterpolationTaps vertical = new(interpolation, map.Rows, backdrop.Vertical, rows),
            horizontal = new(interpolation, map.Columns, backdrop.Horizontal, columns);
        RowBands.ForEach(backdrop.Height, (_, first, end) =>
        {
            var sampler = new GridSampler(grid, map.Rows, map.Columns, vertical, horizontal);
            var positions = new double[columns.Count];
            for (var y = first; y < end; y++)
            {
                var picture = backdrop.Picture.Row(y);
                var target = canvas.Row(top + y).Slice(left * 3, picture.Length);
                picture.CopyTo(target);
                if (y < rows.First || y >= rows.First + rows.Count) continue;
                sampler.SampleRow(y - rows.First, positions);
                blender.Apply(positions, target.Slice(columns.First * 3, columns.Count * 3));
            }
        });
    }

    /// <summary>The grid in units of colour indices: scaling is linear, so it can be done before sampling, once per cell instead of once per pixel.</summary>
    private static double[] ScaledGrid(Heatmap map, ColorScale scale)
    {
        var grid = new double[map.Values.Length];
        for (var i = 0; i < grid.Length; i++)
        {
            var position = map.Flat ? (map.Signed ? 0.5 : 0) : scale.Position(map.Values[i]);
            grid[i] = ColormapTables.Entries * position;
        }
        return grid;
    }
}
