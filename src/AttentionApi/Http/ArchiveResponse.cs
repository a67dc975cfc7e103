namespace AttentionApi.Http;

/// <summary>A file that is made while it is sent, so that its length is not known before.</summary>
/// <param name="MediaType">Its type.</param>
/// <param name="Name">Under which a browser saves it.</param>
/// <param name="HeldBytes">What it is written from.</param>
/// <param name="Write">Writes it.</param>
internal sealed record ArchiveResponse(string MediaType, string Name, long HeldBytes, Func<Stream, CancellationToken, Task> Write) : ISizedResult
{
    public Task ExecuteAsync(HttpContext http)
    {
        var response = http.Response;
        response.ContentType = MediaType;
        response.Headers.ContentDisposition = $"attachment; filename=\"{Name}\"";
        return Write(response.Body, http.RequestAborted);
    }
}
