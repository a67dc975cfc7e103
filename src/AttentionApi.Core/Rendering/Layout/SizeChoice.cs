using System.Globalization;
using AttentionApi.Core.Models;
using AttentionApi.Core.Parameters;
using AttentionApi.Core.Rendering.Painting;

namespace AttentionApi.Core.Rendering.Layout;

/// <summary>The parameter <c>size</c>: the original, the model's input, or a longer edge in pixels.</summary>
/// <param name="Word">As it is written in a query.</param>
/// <param name="Edge">Of a number: the longer edge. Of the original: the longer edge that a default does not pass.</param>
internal readonly record struct SizeChoice(string Word, int Edge)
{
    public const int SmallestEdge = 16;
    public const int LargestEdge = 4096;
    private const string OriginalWord = "original";
    private const string ModelWord = "model";

    public static readonly SizeChoice Original = OriginalAtMost(int.MaxValue);
    public static readonly SizeChoice Model = new(ModelWord, 0);

    /// <summary>The default, limited so that results are not camera-sized by default.</summary>
    public static SizeChoice OriginalAtMost(int pixels) => new(OriginalWord, pixels);

    public static SizeChoice LongerEdge(int pixels) => new(pixels.ToString(CultureInfo.InvariantCulture), pixels);

    /// <summary>As the renderer takes it.</summary>
    public PictureSize For(PixelSize modelInput) => Word switch
    {
        OriginalWord => PictureSize.Original(Edge),
        ModelWord => PictureSize.Model(modelInput),
        _ => PictureSize.LongerEdge(Edge),
    };

    internal static SizeChoice Parse(string text)
    {
        if (text.Equals(OriginalWord, StringComparison.OrdinalIgnoreCase)) return Original;
        if (text.Equals(ModelWord, StringComparison.OrdinalIgnoreCase)) return Model;
        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var pixels) && pixels is >= SmallestEdge and <= LargestEdge
            ? LongerEdge(pixels)
            : throw new FormatException($"size is '{Words.Shown(text)}'; it must be original, model, "
                + $"or the longer edge in pixels from {SmallestEdge} to {LargestEdge}.");
    }

    public override string ToString() => Word;
}
