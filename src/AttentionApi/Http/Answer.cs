using System.IO.Pipelines;
using System.Text.Json.Serialization.Metadata;

namespace AttentionApi.Http;

/// <summary>The kinds of successful answers.</summary>
internal static class Answer
{
    public static IResult Json<T>(T value, JsonTypeInfo<T> type) => TypedResults.Json(value, type);
}

/// <summary>A file that is written while it is sent.</summary>
/// <param name="MediaType">Its type.</param>
/// <param name="Name">Under which a browser saves it.</param>
/// <param name="Length">In bytes.</param>
/// <param name="Write">Writes it.</param>
internal sealed record FileAnswer(string MediaType, string Name, long Length, Func<PipeWriter, CancellationToken, Task> Write) : IResult
{
    public Task ExecuteAsync(HttpContext http)
    {
        var response = http.Response;
        response.ContentType = MediaType;
        response.ContentLength = Length;
        response.Headers.ContentDisposition = $"attachment; filename=\"{Name}\"";
        return Write(response.BodyWriter, http.RequestAborted);
    }
}
