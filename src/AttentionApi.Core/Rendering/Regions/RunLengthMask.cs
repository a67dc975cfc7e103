using System.Text;

namespace AttentionApi.Core.Rendering.Regions;

/// <summary>
/// A mask as run lengths in COCO's compressed form (Lin et al. 2014; maskApi of cocoapi): pixels column by column, alternating counts of those outside and
/// inside, beginning with those outside.
/// </summary>
/// <param name="Width">Of the picture, in pixels.</param>
/// <param name="Height">Of the picture, in pixels.</param>
/// <param name="Counts">
/// From the third count on the difference to the one before the last; 5 bits a character, the lowest first, bit 6 where more follow, from '0' on.
/// </param>
internal sealed record RunLengthMask(int Width, int Height, string Counts)
{
    private const int Bits = 5;
    private const int Continues = 1 << Bits;
    private const int Sign = 1 << (Bits - 1);
    private const char First = '0';

    /// <param name="size">Of the picture.</param>
    /// <param name="runs">The picture column by column, as runs of one region each; 0 is none.</param>
    /// <param name="isInside">Which regions the mask holds.</param>
    internal static RunLengthMask Of(Models.PixelSize size, IEnumerable<(int Length, byte Region)> runs, Func<byte, bool> isInside)
    {
        var counts = new List<int> { 0 };
        foreach (var (length, region) in runs)
        {
            // Counts at odd places are inside.
            if (isInside(region) == (counts.Count % 2 == 0)) counts[^1] += length;
            else counts.Add(length);
        }
        var text = new StringBuilder();
        for (var i = 0; i < counts.Count; i++) Append(text, i > 2 ? counts[i] - counts[i - 2] : counts[i]);
        return new(size.Width, size.Height, text.ToString());
    }

    private static void Append(StringBuilder text, int number)
    {
        for (var more = true; more;)
        {
            var bits = number & (Continues - 1);
            number >>= Bits;
            more = number != ((bits & Sign) != 0 ? -1 : 0);
            text.Append((char)(First + (more ? bits | Continues : bits)));
        }
    }
}
