using System.Text.Json;
using AttentionApi.Contracts;
using AttentionApi.Core.Explain;
using AttentionApi.Core.Rendering;
using AttentionApi.Core.Rendering.Formats;

namespace AttentionApi.Cli.Explaining;

/// <summary>One kind of file that <c>compare</c> writes.</summary>
/// <param name="Name">The word in <c>--save</c>.</param>
/// <param name="Text">True where a terminal can show it.</param>
/// <param name="Ending">How the file's name ends, behind the picture's name.</param>
/// <param name="Make">Makes it; the format is that of pictures.</param>
internal sealed record ComparedOutput(
    string Name, bool Text, Func<PictureFormat, string> Ending, Func<Comparison, PictureFormat, CancellationToken, MadeFile> Make) : SavedKind(Name, Text)
{
    public static IReadOnlyList<ComparedOutput> All { get; } =
    [
        new("picture", false, format => $".compare.{SavedOutput.Suffix(format)}", Picture), new("json", true, _ => ".compare.json", Json),
    ];

    private static MadeFile Picture(Comparison comparison, PictureFormat format, CancellationToken cancellation)
    {
        var picture = ComparisonPicture.Draw(comparison, format, cancellation);
        return new((target, token) => target.WriteAsync(picture.Bytes, token).AsTask(), picture.Warnings, picture.Bytes);
    }

    private static MadeFile Json(Comparison comparison, PictureFormat format, CancellationToken cancellation)
    {
        var answer = Responses.Compare(comparison);
        return new((target, token) => JsonSerializer.SerializeAsync(target, answer, ApiJson.Responses.CompareResponse, token), comparison.Warnings);
    }
}
