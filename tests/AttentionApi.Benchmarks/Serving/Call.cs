using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;

namespace AttentionApi.Benchmarks.Serving;

/// <summary>One HTTP call and its expected status.</summary>
/// <param name="Path">With query, below the host's address.</param>
/// <param name="Body">The picture, or null for a GET.</param>
/// <param name="Expected">The status of a correct answer.</param>
internal sealed record Call(string Path, byte[]? Body = null, HttpStatusCode Expected = HttpStatusCode.OK)
{
    public async Task<Outcome> SendAsync(HttpClient client, CancellationToken cancellation = default)
    {
        using var request = new HttpRequestMessage(Body is null ? HttpMethod.Get : HttpMethod.Post, Path);
        if (Body is not null) request.Content = new ByteArrayContent(Body) { Headers = { ContentType = new MediaTypeHeaderValue("image/jpeg") } };
        var began = Stopwatch.GetTimestamp();
        try
        {
            using var answer = await client.SendAsync(request, cancellation);
            var bytes = (await answer.Content.ReadAsByteArrayAsync(cancellation)).Length;
            return new Outcome(answer.StatusCode, Stopwatch.GetElapsedTime(began), bytes);
        }
        catch (Exception failure) when (failure is HttpRequestException or TaskCanceledException)
        {
            return new Outcome(0, Stopwatch.GetElapsedTime(began), 0, failure.Message);
        }
    }

    /// <summary>Sends the call and throws if the answer has another status, for measurements.</summary>
    public async Task<Outcome> SendExpectingAsync(HttpClient client)
    {
        var outcome = await SendAsync(client);
        return outcome.Status == Expected ? outcome
            : throw new InvalidOperationException($"{Path} answered {(int)outcome.Status} {outcome.Failure}, expected {(int)Expected}.");
    }
}

/// <summary>The outcome of a call; status 0 means that no answer came.</summary>
internal sealed record Outcome(HttpStatusCode Status, TimeSpan Elapsed, int Bytes, string? Failure = null);
