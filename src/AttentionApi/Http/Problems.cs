using AttentionApi.Contracts;
using AttentionApi.Core.Imaging;
using AttentionApi.Core.Models;
using AttentionApi.Core.Parameters;
using AttentionApi.Core.Rendering.Painting;
using AttentionApi.Core.Runtime.Sessions;
using AttentionApi.Core.Scoring;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Extensions.Primitives;

namespace AttentionApi.Http;

/// <summary>Turns every failure of a request into one RFC 9457 answer; nothing above it sees an exception.</summary>
internal sealed class Problems(RequestDelegate next, ILogger<Problems> logger)
{
    /// <summary>The status that proxies record for a caller who has gone (nginx); it is never sent.</summary>
    private const int ClientClosedRequest = 499;

    /// <summary>The log's line about a fault of the program itself; tests look for it.</summary>
    public const string Unhandled = "Unhandled exception.";

    public async Task InvokeAsync(HttpContext http)
    {
        try
        {
            await next(http);
            if (http.Response is { HasStarted: false, StatusCode: >= 400, ContentLength: null, ContentType: null } empty)
                await WriteAsync(http, Plain(http, empty.StatusCode));
        }
        catch (Exception) when (http.RequestAborted.IsCancellationRequested)
        {
            if (!http.Response.HasStarted) http.Response.StatusCode = ClientClosedRequest;
        }
        catch (Exception failure) when (!http.Response.HasStarted)
        {
            await WriteAsync(http, From(failure, logger));
        }
        catch (Exception failure)
        {
            logger.LogError(failure, "The response failed after it had started.");
            http.Abort();
        }
    }

    /// <summary>Writes a problem whatever the caller accepts: an error in the wrong format is better than none.</summary>
    public static Task WriteAsync(HttpContext http, ProblemException problem)
    {
        var response = http.Response;
        var (allowed, range) = (WithHead(response.Headers.Allow), response.Headers.ContentRange);
        response.Clear();
        (response.Headers.Allow, response.Headers.ContentRange) = (allowed, range);
        response.StatusCode = problem.Status;
        response.Headers.CacheControl = "no-store";
        if (problem.RetryAfter is { } wait)
            response.Headers.RetryAfter = Math.Max(1, (int)Math.Ceiling(wait.TotalSeconds)).ToString(System.Globalization.CultureInfo.InvariantCulture);
        // The rest of the body is not read, so the connection can take no further request (HTTP/2 ends only the stream).
        if (problem.Status == StatusCodes.Status413PayloadTooLarge && HttpProtocol.IsHttp11(http.Request.Protocol)) response.Headers.Connection = "close";
        if (problem.Status == StatusCodes.Status401Unauthorized) response.Headers.WWWAuthenticate = "Bearer";
        return response.WriteAsJsonAsync(Body(problem), ApiJson.Responses.Problem, "application/problem+json", http.RequestAborted);
    }

    /// <summary>What a caller is told about a failure; an unexpected one is logged.</summary>
    public static ProblemException From(Exception failure, ILogger logger)
    {
        switch (failure)
        {
            case ProblemException problem: return problem;
            case UnknownClassException { Unlisted: > 0 } unknown: return ProblemException.BadParameter(unknown.Parameter,
                $"{unknown.Message} {BasePath.Value}/models/{unknown.Model}/classes?search= lists all that match.");
            case ParameterException wrong: return ProblemException.BadParameter(wrong.Parameter, Remedies.Explain(wrong));
            case ImageRefusedException image: return new(image.Fault == ImageFault.Unsupported ? StatusCodes.Status415UnsupportedMediaType
                : StatusCodes.Status422UnprocessableEntity, image.Message, PictureBody.Field);
            case PictureTooLargeException large: return ProblemException.BadParameter("size", large.Message);
            case ModelRefusedException { MayPass: true } refused: return new(StatusCodes.Status503ServiceUnavailable, Remedies.Explain(refused),
                "model") { RetryAfter = TimeSpan.FromSeconds(10) };
            case ModelRefusedException refused: return ProblemException.BadParameter("model", Remedies.Explain(refused));
            case BadHttpRequestException { StatusCode: StatusCodes.Status413PayloadTooLarge }: return PictureBody.TooLarge(limit: null);
            case BadHttpRequestException { StatusCode: StatusCodes.Status408RequestTimeout }: return PictureBody.TooSlow();
            case BadHttpRequestException bad: return new(bad.StatusCode,
                "The request is malformed: its head or its body does not follow HTTP; send it again with a client that does.");
            case ModelRunException:
                logger.LogError(failure, "A run of a model failed.");
                return new(StatusCodes.Status503ServiceUnavailable,
                    "A run of the model failed; the cause is in the service's log under this answer's X-Request-Id. Try again, or take another model.",
                    "model") { RetryAfter = TimeSpan.FromSeconds(1) };
            default:
                logger.LogError(failure, Unhandled);
                return new(StatusCodes.Status503ServiceUnavailable,
                    "The service could not answer; the cause is in its log under this answer's X-Request-Id. Try again.") { RetryAfter =
                    TimeSpan.FromSeconds(1) };
        }
    }

    public static Problem Body(ProblemException problem) =>
        new("about:blank", ReasonPhrases.GetReasonPhrase(problem.Status), problem.Status, problem.Message, problem.Parameter);

    /// <summary>HEAD is answered wherever GET is.</summary>
    private static StringValues WithHead(StringValues allowed) =>
        allowed.Contains(HttpMethods.Get) && !allowed.Contains(HttpMethods.Head) ? StringValues.Concat(allowed, HttpMethods.Head) : allowed;

    /// <summary>For statuses that routing or a middleware set without a body.</summary>
    private static ProblemException Plain(HttpContext http, int status) => new(status, status switch
    {
        StatusCodes.Status404NotFound =>
            $"There is nothing at {(http.Request.Path.HasValue ? Words.Shown(http.Request.Path) : "*")}; /swagger lists what there is.",
        StatusCodes.Status405MethodNotAllowed =>
            $"{Words.Shown(http.Request.Path)} does not take {http.MethodAsSent()}; use {string.Join(" or ", [.. WithHead(http.Response.Headers.Allow)])}.",
        StatusCodes.Status429TooManyRequests => "This client sends more requests than it is allowed to; wait as Retry-After says.",
        StatusCodes.Status416RangeNotSatisfiable => "The file has fewer bytes than the Range asks for; Content-Range says how many.",
        _ => "The request can't be answered as it was sent.",
    });
}
