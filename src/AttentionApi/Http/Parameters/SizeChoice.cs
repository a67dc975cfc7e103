using System.Globalization;
using AttentionApi.Core.Models;
using AttentionApi.Core.Rendering;

namespace AttentionApi.Http.Parameters;

/// <summary>The parameter <c>size</c>: the original, the model's input, or a longer edge in pixels.</summary>
public readonly record struct SizeChoice(string Word, int Edge = 0)
{
    public static readonly SizeChoice Original = new("original");
    public static readonly SizeChoice Model = new("model");

    public static SizeChoice LongerEdge(int pixels) => new(pixels.ToString(CultureInfo.InvariantCulture), pixels);

    /// <summary>As the renderer takes it; an original is reduced where its longer edge is over <paramref name="atMost"/>.</summary>
    public PictureSize For(PixelSize modelInput, int atMost) =>
        this == Original ? PictureSize.Original(atMost) : this == Model ? PictureSize.Model(modelInput) : PictureSize.LongerEdge(Edge);

    internal static SizeChoice Parse(string text)
    {
        if (text.Equals(Original.Word, StringComparison.OrdinalIgnoreCase)) return Original;
        if (text.Equals(Model.Word, StringComparison.OrdinalIgnoreCase)) return Model;
        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var pixels) && pixels is >= PictureSize.SmallestEdge and <= PictureSize.LargestEdge
            ? LongerEdge(pixels)
            : throw new FormatException($"size is '{Parameter.Shown(text)}'; it must be original, model, or the longer edge in pixels from {PictureSize.SmallestEdge} to {PictureSize.LargestEdge}.");
    }

    public override string ToString() => Word;
}
