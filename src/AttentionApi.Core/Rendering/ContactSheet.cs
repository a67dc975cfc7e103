using System.Text;
using AttentionApi.Core.Imaging;
using AttentionApi.Core.Rendering.Layout;
using AttentionApi.Core.Rendering.Text;
using NetVips;

namespace AttentionApi.Core.Rendering;

/// <summary>One picture of a contact sheet.</summary>
/// <param name="Thumbnail">A JPEG of <see cref="ContactSheet.Thumbnail"/>.</param>
/// <param name="Title">The first line below it.</param>
/// <param name="Note">The second line.</param>
internal sealed record SheetPicture(byte[] Thumbnail, string Title, string Note);

/// <summary>Many finished pictures side by side, each with two lines of words.</summary>
internal static class ContactSheet
{
    /// <summary>Pictures of one sheet; more are a further sheet.</summary>
    public const int MostPictures = 100;

    /// <summary>Longer edge of a thumbnail, in pixels.</summary>
    public const int ThumbnailEdge = 176;

    private const int Columns = 10;
    private const int Gap = 12;
    private const int TitleSize = 12;
    private const int NoteSize = 11;
    private const int JpegQuality = 85;

    /// <summary>A small copy of a finished picture, as a JPEG.</summary>
    /// <param name="picture">The bytes of a JPEG, PNG or WebP file.</param>
    public static byte[] Thumbnail(byte[] picture)
    {
        using var small = Image.ThumbnailBuffer(picture, ThumbnailEdge, height: ThumbnailEdge, size: Enums.Size.Down);
        return small.JpegsaveBuffer(q: JpegQuality, keep: Enums.ForeignKeep.None);
    }

    /// <summary>Draws a sheet.</summary>
    /// <param name="pictures">1 to <see cref="MostPictures"/>.</param>
    public static Raster Draw(IReadOnlyList<SheetPicture> pictures)
    {
        ArgumentOutOfRangeException.ThrowIfZero(pictures.Count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(pictures.Count, MostPictures);
        var columns = Math.Min(Columns, (int)Math.Ceiling(Math.Sqrt(pictures.Count)));
        var rows = (pictures.Count + columns - 1) / columns;
        var cell = ThumbnailEdge + Gap;
        var cellHeight = cell + Legend.LineHeight(TitleSize) + Legend.LineHeight(NoteSize);
        var sheet = Raster.Uninitialized(Gap + columns * cell, Gap + rows * cellHeight);
        sheet.Fill(0, 0, sheet.Width, sheet.Height, Legend.Paper);
        var text = new TextRenderer();
        for (var index = 0; index < pictures.Count; index++)
        {
            int left = Gap + index % columns * cell, top = Gap + index / columns * cellHeight;
            Place(sheet, pictures[index].Thumbnail, left, top);
            Write(pictures[index].Title, TitleSize, left, top + ThumbnailEdge);
            Write(pictures[index].Note, NoteSize, left, top + ThumbnailEdge + Legend.LineHeight(TitleSize));
        }
        return sheet;

        void Write(string words, int size, int left, int top)
        {
            var box = new ClipBox(left, top, left + ThumbnailEdge, top + Legend.LineHeight(size));
            text.Fit(Drawable(words), size, ThumbnailEdge).Draw(sheet, left, top, Legend.Ink, box);
        }
    }

    private static void Place(Raster sheet, byte[] thumbnail, int left, int top)
    {
        using var image = Image.JpegloadBuffer(thumbnail);
        var small = new Raster(image.Width, image.Height, image.WriteToMemory<byte>());
        sheet.CopyFrom(small, left + (ThumbnailEdge - small.Width) / 2, top + (ThumbnailEdge - small.Height) / 2);
    }

    /// <summary>The words without characters that the bundled font lacks; a file's name may hold any.</summary>
    private static string Drawable(string words) =>
        string.Concat(words.EnumerateRunes().Select(rune => Rune.IsControl(rune) || !BundledFont.CanDraw(rune.ToString()) ? "?" : rune.ToString()));
}
