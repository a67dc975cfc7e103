using AttentionApi.Core.Explain;
using AttentionApi.Core.Imaging;
using AttentionApi.Core.Models;
using AttentionApi.Core.Rendering.Painting;

namespace AttentionApi.Core.Rendering.Regions;

/// <summary>A map as the pixels of the picture that it covers.</summary>
internal sealed class MapPixels
{
    private readonly PixelRange rows, columns;
    private readonly GridSampler sampler;

    /// <param name="map">Interpolated as pictures are.</param>
    /// <param name="seen">Where it lies.</param>
    /// <param name="picture">The upright picture.</param>
    /// <param name="interpolation">Nearest gives whole patches.</param>
    public MapPixels(Heatmap map, Region seen, PixelSize picture, Interpolation interpolation)
    {
        (Map, Picture) = (map, picture);
        PixelAxis horizontal = new(0, 1, seen.X, seen.Width), vertical = new(0, 1, seen.Y, seen.Height);
        (columns, rows) = (horizontal.Seen(picture.Width), vertical.Seen(picture.Height));
        sampler = new GridSampler([.. map.Values.Select(value => (double)value)], map.Rows, map.Columns, new(interpolation, map.Rows, vertical, rows),
            new(interpolation, map.Columns, horizontal, columns));
    }

    public Heatmap Map { get; }

    /// <summary>The size of the whole picture.</summary>
    public PixelSize Picture { get; }

    /// <summary>The first column that it covers.</summary>
    public int Left => columns.First;

    /// <summary>Gives the values of each row that the map covers, from the top.</summary>
    public void ForEachRow(Action<int, double[]> row)
    {
        var values = new double[columns.Count];
        for (var y = 0; y < rows.Count; y++)
        {
            sampler.SampleRow(y, values);
            row(rows.First + y, values);
        }
    }
}
