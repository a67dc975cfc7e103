using System.Text.Json;
using System.Text.Json.Nodes;
using AttentionApi.Contracts;
using Microsoft.AspNetCore.WebUtilities;

namespace AttentionApi.Http;

/// <summary>When each error status is answered, in words, with an example; for the OpenAPI document.</summary>
internal static class ProblemTable
{
    private static readonly Dictionary<int, (string When, string Example, string? Parameter)> Table = new()
    {
        [400] = ("Missing picture, bad or unknown parameter, too many labels, a label too long, or something that the model can't serve.",
            "fromLayer is 9; the model has layers 1 to 6.", "fromLayer"),
        [401] = ("An API key is required, and missing or wrong.", "This service needs an API key; send it as 'Authorization: Bearer …'.", null),
        [403] = ("The server listens on its own machine only, and is called by another name or from a page of another origin.",
            "This server listens on its own machine only and takes no calls from pages of other origins; name them in Security:CorsOrigins.", null),
        [404] = ("Unknown model or path.", "There is no model 'demo'; the nearest is 'demo-clip'. /api/v1/models lists them.", "model"),
        [405] = ("The path takes another verb; Allow says which.", "/api/v1/explain does not take GET; use POST.", null),
        [406] = ("No acceptable format.", "Accept allows none of image/png, image/webp, image/jpeg; name one of them or use the parameter 'format'.", null),
        [408] = ("The body comes too slowly.", "The body came too slowly; send a smaller picture or try again on a faster line.", null),
        [413] = ("The body is over Limits:MaxBodyBytes.",
            "The body is larger than 20 MiB (Limits:MaxBodyBytes); send a smaller picture, the model sees a few hundred pixels only.", null),
        [414] = ("The request line is over 64 KiB.", "The request line is longer than 64 KiB; send fewer or shorter labels and prompts.", null),
        [415] = ("Not JPEG, PNG or WebP.", "The picture's bytes are not JPEG, PNG or WebP; convert it to one of these.", null),
        [422] = ("A damaged or truncated picture, or one over Limits:MaxPixels or Limits:MaxDecodedBytes.",
            "The PNG picture is damaged or truncated and cannot be decoded; send the whole file.", null),
        [429] = ("No free slot; Retry-After says when to come back.", "All slots are busy; try again after the time in Retry-After.", null),
        [503] = ("No model is ready yet, one cannot be loaded at the moment or its run failed, the service is stopping, or the answer took longer than "
            + "Limits:RequestSeconds; with Retry-After.", "No model is ready yet; the default one is loading.", null),
    };

    public static IEnumerable<int> Statuses => Table.Keys;

    public static (string When, JsonNode Example) Describe(int status)
    {
        var (when, example, parameter) = Table[status];
        return (when, JsonSerializer.SerializeToNode(new Problem("about:blank", ReasonPhrases.GetReasonPhrase(status), status, example, parameter),
            ApiJson.Responses.Problem)!);
    }
}
