using AttentionApi.Core.Explain;
using AttentionApi.Core.Imaging;

namespace AttentionApi.Core.Rendering.Painting;

/// <summary>Draws a map of colours over a backdrop: each of the first three channels is sampled like a map, 0…1 is the channel's range. Pixels that the model
/// did not see stay unchanged.</summary>
internal static class ColorPainter
{
    private const int Channels = 3;

    public static Raster Paint(Backdrop backdrop, FeatureMap map, Interpolation interpolation, PixelBlender blender)
    {
        var canvas = Raster.Uninitialized(backdrop.Width, backdrop.Height);
        PixelRange columns = backdrop.Horizontal.Seen(backdrop.Width), rows = backdrop.Vertical.Seen(backdrop.Height);
        InterpolationTaps vertical = new(interpolation, map.Rows, backdrop.Vertical, rows),
            horizontal = new(interpolation, map.Columns, backdrop.Horizontal, columns);
        RowBands.ForEach(backdrop.Height, (_, first, end) =>
        {
            GridSampler[] samplers = [.. Enumerable.Range(0, Channels).Select(channel =>
                new GridSampler(Channel(map, channel), map.Rows, map.Columns, vertical, horizontal))];
            double[][] sampled = [.. samplers.Select(_ => new double[columns.Count])];
            for (var y = first; y < end; y++)
            {
                var target = canvas.Row(y);
                backdrop.Picture.Row(y).CopyTo(target);
                if (y < rows.First || y >= rows.First + rows.Count) continue;
                for (var channel = 0; channel < Channels; channel++) samplers[channel].SampleRow(y - rows.First, sampled[channel]);
                blender.ApplyColors(sampled[0], sampled[1], sampled[2], target.Slice(columns.First * 3, columns.Count * 3));
            }
        });
        return canvas;
    }

    private static double[] Channel(FeatureMap map, int channel) =>
        [.. Enumerable.Range(0, map.Rows * map.Columns).Select(cell => (double)map.Values[cell * map.Channels + channel])];
}
