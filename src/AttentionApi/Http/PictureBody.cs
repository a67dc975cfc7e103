using System.Buffers;
using System.Globalization;
using System.Text;
using AttentionApi.Core.Parameters;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;

namespace AttentionApi.Http;

/// <summary>Reads a stream to its end.</summary>
internal delegate Task<ReadOnlyMemory<byte>> ReadBody(Stream source, CancellationToken cancellation);

/// <summary>A picture as it was sent.</summary>
/// <param name="Bytes">The file's bytes.</param>
/// <param name="FileName">As the form names it, else null.</param>
internal sealed record SentPicture(ReadOnlyMemory<byte> Bytes, string? FileName);

/// <summary>
/// Reads the pictures of a request: the file fields "image" of a form, or the body itself. A form is read as it streams in, without ASP.NET's form
/// collection: that would copy the picture once more, or write it to disk.
/// </summary>
/// <param name="Pictures">At least one, in their order.</param>
/// <param name="Fields">The form's other fields: parameters.</param>
internal sealed record PictureBody(IReadOnlyList<SentPicture> Pictures, IReadOnlyDictionary<string, StringValues> Fields)
{
    public const string Field = "image";
    public const string ReferenceField = "reference";

    /// <summary>A second picture, of a form only; null where there is none.</summary>
    public ReadOnlyMemory<byte>? Reference { get; private init; }

    private const int FirstBuffer = 64 * 1024;

    /// <summary>All parameters in a form together, in bytes: as much as a request line may have. A field counts with its name, and an empty one too.</summary>
    private const int MostText = 64 * 1024, BytesOfField = 16;

    /// <summary>Types that say nothing of the bytes. The second is what curl, wget and axios declare any bytes to be unless told otherwise.</summary>
    private static readonly string[] Undeclared = ["application/octet-stream", "application/x-www-form-urlencoded"];

    private static readonly Dictionary<string, StringValues> NoFields = [];
    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <param name="request">Whose body it is.</param>
    /// <param name="limit">Bytes of a body.</param>
    /// <param name="mostPictures">More are refused.</param>
    /// <param name="read">Reads a picture.</param>
    /// <param name="cancellation">Ends it.</param>
    public static async Task<PictureBody> ReadAsync(HttpRequest request, long limit, int mostPictures, ReadBody read, CancellationToken cancellation)
    {
        if (request.ContentLength > limit) throw TooLarge(limit);
        if (request.Headers.ContentEncoding.Any(coding => !string.IsNullOrEmpty(coding) && !coding.Equals("identity", StringComparison.OrdinalIgnoreCase)))
            throw Compressed(request);
        var type = MediaTypeHeaderValue.TryParse(request.ContentType, out var parsed) ? parsed : null;

        PictureBody body;
        if (type?.MediaType.Equals("multipart/form-data", StringComparison.OrdinalIgnoreCase) == true)
            body = await FromFormAsync(request, type, mostPictures, read, cancellation);
        else if (string.IsNullOrEmpty(request.ContentType) || IsPicture(type)) body = new([new(await read(request.Body, cancellation), null)], NoFields);
        else throw new ProblemException(StatusCodes.Status415UnsupportedMediaType,
            $"The body is declared as '{Words.Shown(request.ContentType ?? "nothing")}'; send multipart/form-data with the picture in the field '{Field}', "
            + "or the picture itself as image/jpeg, image/png or image/webp: its bytes, not base64 or a data URI.");
        return body.Pictures is [] or [{ Bytes.Length: 0 }] ? throw Missing() : body;
    }

    /// <param name="limit">Bytes that a body may have; null where that is not known.</param>
    public static ProblemException TooLarge(long? limit) => new(StatusCodes.Status413PayloadTooLarge, limit is { } bytes
        ? string.Create(CultureInfo.InvariantCulture, $"The body is larger than {bytes / (double)(1 << 20):0.###} MiB (Limits:MaxBodyBytes); {Smaller}")
        : $"The body is larger than Limits:MaxBodyBytes allows; {Smaller}");

    private const string Smaller = "send a smaller picture, the model sees a few hundred pixels only.";

    public static ProblemException TooSlow() =>
        new(StatusCodes.Status408RequestTimeout, "The body came too slowly; send a smaller picture or try again on a faster line.");

    private static bool IsPicture(MediaTypeHeaderValue? type) => type is not null
        && (type.Type.Equals("image", StringComparison.OrdinalIgnoreCase) || Undeclared.Contains(type.MediaType.Value, StringComparer.OrdinalIgnoreCase));

    private static ProblemException Compressed(HttpRequest request) => new(StatusCodes.Status415UnsupportedMediaType,
        $"The body is compressed (Content-Encoding: {Words.Shown(request.Headers.ContentEncoding.ToString())}), which is not read; send the picture as it is, "
            + "JPEG, PNG and WebP are compressed already.", Field);

    private static ProblemException Missing() => ProblemException.BadParameter(Field,
        $"There is no picture; send one as the file field '{Field}' of multipart/form-data, or as the body with its image/* content type.");

    private static ProblemException Malformed() =>
        ProblemException.BadParameter(Field, "The form is malformed or breaks off; send multipart/form-data with a boundary and a closing boundary.");

    private static async Task<PictureBody> FromFormAsync(
        HttpRequest request, MediaTypeHeaderValue type, int mostPictures, ReadBody read, CancellationToken cancellation)
    {
        var boundary = HeaderUtilities.RemoveQuotes(type.Boundary).Value;
        // RFC 2046, 5.1.1: 1 to 70 characters. One of 4,089 is longer than the reader's buffer.
        if (boundary is not { Length: > 0 and <= 70 }) throw Malformed();
        var reader = new MultipartReader(boundary, request.Body) { BodyLengthLimit = null };
        var pictures = new List<SentPicture>();
        ReadOnlyMemory<byte>? reference = null;
        var fields = new KeyValueAccumulator();
        var text = MostText;
        try
        {
            while (await reader.ReadNextSectionAsync(cancellation) is { } section)
            {
                var name = ContentDispositionHeaderValue.TryParse(section.ContentDisposition, out var disposition)
                    ? HeaderUtilities.RemoveQuotes(disposition.Name).Value : null;
                if (name is null) throw Missing();
                if (name == ReferenceField && disposition!.IsFileDisposition())
                {
                    if (reference is not null) throw ProblemException.BadParameter(name, $"There are several fields '{name}'; send one.");
                    reference = await read(section.Body, cancellation);
                    continue;
                }
                if (name != Field)
                {
                    if (disposition!.IsFileDisposition()) throw OtherFile(name);
                    var bytes = await CopyAsync(section.Body, text, cancellation);
                    text -= bytes.Length + name.Length + BytesOfField;
                    if (text < 0) throw TooMuchText();
                    fields.Append(name, Strict.GetString(bytes.Span));
                    continue;
                }
                if (pictures.Count == mostPictures) throw TooMany(mostPictures);
                pictures.Add(new(await read(section.Body, cancellation), NameOf(disposition!)));
            }
        }
        catch (DecoderFallbackException)
        {
            throw ProblemException.BadParameter(Field, "A field of the form is not UTF-8; send its text as UTF-8.");
        }
        catch (Exception broken) when (broken is InvalidDataException or IOException and not BadHttpRequestException)
        {
            throw Malformed();
        }
        return new(pictures, fields.HasValues ? fields.GetResults() : NoFields) { Reference = reference?.Length > 0 ? reference : null };
    }

    private static string? NameOf(ContentDispositionHeaderValue file) => file.FileNameStar.Value ?? HeaderUtilities.RemoveQuotes(file.FileName).Value;

    private static ProblemException TooMany(int most) => ProblemException.BadParameter(Field, most == 1
        ? $"There are several fields '{Field}'; send one picture a request, or several to /explain/batch."
        : $"There are more than {most} pictures (Limits:MaxPictures); send the rest in further requests.");

    private static ProblemException OtherFile(string name)
    {
        var shown = Words.Shown(name);
        return ProblemException.BadParameter(shown,
            $"The form has a file in the field '{shown}'; the picture belongs in '{Field}', and other fields hold parameters as text.");
    }

    private static ProblemException TooMuchText() =>
        new(StatusCodes.Status413PayloadTooLarge, "The parameters in the form are longer than 64 KiB; send fewer or shorter fields.");

    private static async Task<ReadOnlyMemory<byte>> CopyAsync(Stream source, long limit, CancellationToken cancellation)
    {
        var copy = new ArrayBufferWriter<byte>();
        while (true)
        {
            var read = await source.ReadAsync(copy.GetMemory(FirstBuffer / 4), cancellation);
            if (read == 0) return copy.WrittenMemory;
            copy.Advance(read);
            if (copy.WrittenCount > limit) throw TooMuchText();
        }
    }
}
