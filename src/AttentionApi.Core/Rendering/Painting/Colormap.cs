using System.Collections.Immutable;
using AttentionApi.Core.Imaging;

namespace AttentionApi.Core.Rendering.Painting;

/// <summary>The colour maps on offer, in the order of their tables in colormaps.bin.</summary>
internal enum Colormap
{
    Viridis, Magma, Inferno, Plasma, Cividis, Turbo, Jet, Hot, Gray, Coolwarm,
}

/// <summary>
/// The colours themselves: 256 RGB entries a map, index 0 = lowest. They are matplotlib's tables as bytes (viridis to plasma CC0; cividis Nuñez et al. 2018;
/// turbo Mikhailov 2019, Apache-2.0; coolwarm Moreland 2009; the rest matplotlib's BSD-style licence).
/// </summary>
internal static class ColormapTables
{
    public const int Entries = 256;
    private const int Bytes = Entries * 3;

    private static readonly ImmutableArray<byte[]> Tables = Load();

    /// <summary>256 × RGB.</summary>
    public static ReadOnlySpan<byte> Of(Colormap colormap) => Tables[(int)colormap];

    /// <summary>The default: a signed map needs a neutral colour at zero.</summary>
    public static Colormap DefaultFor(bool signed) => signed ? Colormap.Coolwarm : Colormap.Viridis;

    /// <summary>What the highest and the lowest colour are called.</summary>
    public static (string High, string Low) EndsInWords(Colormap colormap) =>
        colormap is Colormap.Coolwarm or Colormap.Turbo or Colormap.Jet ? ("red", "blue") : ("bright", "dark");

    /// <summary>The given number of colours, evenly spread from the lowest to the highest.</summary>
    internal static IEnumerable<Rgb> Samples(Colormap colormap, int count)
    {
        var table = Tables[(int)colormap];
        return Enumerable.Range(0, count).Select(i => i * (Entries - 1) / (count - 1) * 3).Select(at => new Rgb(table[at], table[at + 1], table[at + 2]));
    }

    private static ImmutableArray<byte[]> Load()
    {
        using var stream = typeof(ColormapTables).Assembly.GetManifestResourceStream("colormaps.bin")!;
        return [.. Enum.GetValues<Colormap>().Select(_ =>
        {
            var table = new byte[Bytes];
            stream.ReadExactly(table);
            return table;
        })];
    }
}
