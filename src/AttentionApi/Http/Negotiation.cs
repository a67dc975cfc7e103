using Microsoft.Net.Http.Headers;

namespace AttentionApi.Http;

/// <summary>Chooses the encoding of a picture from the Accept header (RFC 9110, 12.5.1).</summary>
internal static class Negotiation
{
    /// <summary>The offered type that the caller prefers; of equals, the first offered.</summary>
    /// <param name="request">Whose Accept header counts; without one everything is acceptable.</param>
    /// <param name="offered">Media types in the server's order of preference, with what each stands for.</param>
    /// <exception cref="ProblemException">406: none is acceptable.</exception>
    public static T Choose<T>(HttpRequest request, IReadOnlyList<(string MediaType, T Value)> offered)
    {
        var accepted = request.GetTypedHeaders().Accept;
        if (accepted.Count == 0) return offered[0].Value;
        var best = offered.MaxBy(offer => Quality(accepted, MediaTypeHeaderValue.Parse(offer.MediaType)));
        return Quality(accepted, MediaTypeHeaderValue.Parse(best.MediaType)) > 0 ? best.Value
            : throw new ProblemException(StatusCodes.Status406NotAcceptable,
                $"Accept allows none of {string.Join(", ", offered.Select(offer => offer.MediaType))}; name one of them or use the parameter 'format'.");
    }

    /// <summary>True where the caller likes one type better than another, which it says by name: without an Accept header all are equal.</summary>
    public static bool Prefers(HttpRequest request, string type, string other)
    {
        var accepted = request.GetTypedHeaders().Accept;
        return Quality(accepted, MediaTypeHeaderValue.Parse(type)) > Quality(accepted, MediaTypeHeaderValue.Parse(other));
    }

    /// <summary>The q of the most specific range that covers the type: image/png;q=0 refuses it although */* is there.</summary>
    private static double Quality(IList<MediaTypeHeaderValue> accepted, MediaTypeHeaderValue type) => accepted
        .Where(type.IsSubsetOf)
        .OrderByDescending(range => range.MatchesAllTypes ? 0 : range.MatchesAllSubTypes ? 1 : 2)
        .Select(range => range.Quality ?? 1)
        .FirstOrDefault();
}
