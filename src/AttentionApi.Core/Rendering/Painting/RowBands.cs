namespace AttentionApi.Core.Rendering.Painting;

/// <summary>Cuts a picture's rows into bands that are processed in parallel; the bands are the same on every machine, so that files are equal.</summary>
internal static class RowBands
{
    /// <summary>Enough rows to be worth another thread, and few enough that two threads share a picture of a thousand rows evenly.</summary>
    private const int Rows = 128;

    public static int Count(int height) => Math.Max(1, height / Rows);

    /// <param name="height">Rows of the picture.</param>
    /// <param name="work">Gets a band's number, its first row and the row after its last.</param>
    public static void ForEach(int height, Action<int, int, int> work)
    {
        var count = Count(height);
        if (count == 1) work(0, 0, height);
        else Parallel.For(0, count, band => work(band, (int)((long)height * band / count), (int)((long)height * (band + 1) / count)));
    }
}
