using AttentionApi.Core.Rendering.Formats;
using AttentionApi.Core.Rendering.Layout;
using AttentionApi.Core.Parameters;

namespace AttentionApi.Http;

/// <summary>The encoding of a picture: what the parameter says, else what Accept prefers.</summary>
internal static class PictureFormats
{
    private static readonly (string, PictureFormat)[] Pictures =
        [.. Enum.GetValues<PictureFormat>().Select(format => (ImageEncoder.MediaType(format), format))];
    private static readonly (string, AnimationFormat)[] Animations =
        [.. Enum.GetValues<AnimationFormat>().Select(format => (AnimationRenderer.MediaType(format), format))];

    public static PictureFormat Choose(HttpRequest request, ParameterValues given) =>
        given.Get(PictureParameters.Format) ?? Negotiation.Choose(request, Pictures);

    public static AnimationFormat ChooseAnimation(HttpRequest request, ParameterValues given) =>
        given.Get(PictureParameters.MovingFormat) ?? Negotiation.Choose(request, Animations);
}
