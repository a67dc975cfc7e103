using AttentionApi.Core.Models;

namespace AttentionApi.Core.Rendering.Painting;

/// <summary>What a picture shows, and how large.</summary>
internal readonly record struct PictureSize
{
    public const int SmallestEdge = 16;
    public const int LargestEdge = 4096;

    internal int? Edge { get; private init; }
    internal int AtMost { get; private init; }
    internal PixelSize? ModelInput { get; private init; }

    /// <summary>The whole picture at its own size, reduced where its longer edge exceeds the limit.</summary>
    public static PictureSize Original(int atMost) => new() { AtMost = atMost };

    /// <summary>The whole picture with this longer edge, enlarged if necessary.</summary>
    public static PictureSize LongerEdge(int pixels) => new() { Edge = pixels };

    /// <summary>The part that the model saw, at the size at which it saw it.</summary>
    public static PictureSize Model(PixelSize input) => new() { ModelInput = input };
}
