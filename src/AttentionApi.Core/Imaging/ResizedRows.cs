namespace AttentionApi.Core.Imaging;

/// <summary>Where the rows of a resized picture, in the order in which its file stores them, lie on the model's input, which is upright.</summary>
/// <param name="geometry">Of the upright picture.</param>
/// <param name="orientation">EXIF's, 1 to 8.</param>
internal readonly struct ResizedRows(CropGeometry geometry, int orientation)
{
    private readonly int stride = 3 * geometry.Input.Width, first = 3 * (Math.Max(0, -geometry.Top) * geometry.Input.Width + Math.Max(0, -geometry.Left));

    /// <summary>Whether rows can be written where they belong.</summary>
    public bool IsUpright => orientation == 1;

    /// <summary>The place of a row of an upright picture.</summary>
    public Span<byte> Row(Span<byte> input, int y) => input.Slice(first + y * stride, 3 * geometry.Window.Width);

    /// <summary>Puts a row of a turned picture where it belongs.</summary>
    public void Place(ReadOnlySpan<byte> row, Span<byte> input, int y)
    {
        var turned = Upright.SwapsEdges(orientation);
        var (right, down) = turned ? (stride, 3) : (3, stride);
        var (columns, rows) = turned ? (geometry.Window.Height, geometry.Window.Width) : (geometry.Window.Width, geometry.Window.Height);
        var to = first + (Upright.MirrorsColumns(orientation) ? rows - 1 - y : y) * down;
        if (Upright.MirrorsRows(orientation)) (to, right) = (to + (columns - 1) * right, -right);
        for (var x = 0; x < row.Length; x += 3, to += right) row.Slice(x, 3).CopyTo(input[to..]);
    }
}
