using System.IO.Pipelines;

namespace AttentionApi.Http;

/// <summary>A file that is written while it is sent.</summary>
/// <param name="MediaType">Its type.</param>
/// <param name="Name">Under which a browser saves it.</param>
/// <param name="Length">In bytes.</param>
/// <param name="HeldBytes">What it is written from.</param>
/// <param name="Write">Writes it.</param>
internal sealed record FileResponse(string MediaType, string Name, long Length, long HeldBytes, Func<PipeWriter, CancellationToken, Task> Write) : ISizedResult
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
