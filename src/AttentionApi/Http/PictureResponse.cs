using System.Text;
using System.Text.Json;
using AttentionApi.Core.Rendering.Layout;

namespace AttentionApi.Http;

/// <summary>A picture; what a careful reader must know of it, which JSON answers hold themselves, is in the header X-Warnings.</summary>
/// <param name="Bytes">The file.</param>
/// <param name="MediaType">Its type.</param>
/// <param name="Warnings">Sentences.</param>
internal sealed record PictureResponse(byte[] Bytes, string MediaType, IReadOnlyList<string> Warnings) : ISizedResult
{
    public static PictureResponse Of(EncodedPicture picture, string mediaType) => new(picture.Bytes, mediaType, picture.Warnings);

    public const string WarningsHeader = "X-Warnings";

    /// <summary>Many clients and proxies refuse heads of more than 8 KiB.</summary>
    private const int LongestHeader = 4096;

    /// <summary>The server copies what it is given at once, whatever the reader has taken of it.</summary>
    private const int Piece = 64 * 1024;

    public long HeldBytes => Bytes.Length;

    public async Task ExecuteAsync(HttpContext http)
    {
        if (Warnings.Count > 0) http.Response.Headers[WarningsHeader] = Header();
        http.Response.ContentType = MediaType;
        http.Response.ContentLength = Bytes.Length;
        for (var rest = Bytes.AsMemory(); rest.Length > 0; rest = rest[Math.Min(Piece, rest.Length)..])
        {
            await http.Response.Body.WriteAsync(rest[..Math.Min(Piece, rest.Length)], http.RequestAborted);
        }
    }

    /// <summary>A JSON array in ASCII, as many sentences as fit.</summary>
    private string Header()
    {
        var header = new StringBuilder("[");
        foreach (var warning in Warnings)
        {
            var sentence = $"\"{JsonEncodedText.Encode(warning)}\"";
            if (header.Length + sentence.Length + 2 > LongestHeader) break;
            header.Append(header.Length > 1 ? "," : "").Append(sentence);
        }
        return header.Append(']').ToString();
    }
}
