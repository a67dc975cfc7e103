using AttentionApi.Contracts;
using AttentionApi.Core.Explain;
using AttentionApi.Core.Parameters;
using AttentionApi.Core.Rendering;
using AttentionApi.Core.Rendering.Formats;
using AttentionApi.Http;

namespace AttentionApi.Endpoints;

internal static class CompareEndpoint
{
    private const string Json = "application/json";

    /// <summary>JSON, or the encoding of a picture.</summary>
    private static readonly Parameter<PictureFormat?> Format = ParameterKinds.Choice<PictureFormat?>("format", null,
        "json: maps and numbers; else one labelled picture. Wins over the Accept header.",
        [("json", null), .. Enum.GetValues<PictureFormat>().Select(format => (format.Word(), (PictureFormat?)format))])
        with { DefaultWords = "what Accept prefers, else json" };

    public static void MapCompare(this IEndpointRouteBuilder api, ParameterTable table)
    {
        var parameters = new ComparisonParameters(table);
        api.MapPost("/explain/compare", (HttpContext http, ExplainRequests requests) => requests.AnswerAsync(http, Outputs.Compare, given =>
            {
                var format = given.Has(Format) ? given.Get(Format) : Negotiation.Choose(http.Request, Offered);
                return new JointRequest(parameters.Calls(given), async (explanations, cancellation) =>
                {
                    var comparison = await Comparison.OfAsync(explanations, cancellation);
                    return format is { } picture
                        ? PictureResponse.Of(ComparisonPicture.Draw(comparison, picture, cancellation), ImageEncoder.MediaType(picture))
                        : JsonResponse.Of(Responses.Compare(comparison), ApiJson.Responses.CompareResponse, ApiJson.Responses.AnswerLineCompareResponse,
                            comparison.Entries.Sum(entry => entry.Set.Bytes));
                }, format is null);
            }))
            .WithName("compare").WithSummary("Methods, or models, side by side.")
            .WithDescription("Up to eight methods of one model, or one method of up to eight models, on one picture: their maps, how far they agree, "
                + "and with score=true the evidence of each. As JSON, or as one labelled picture. "
                + "Maps of another model are brought into the first one's frame. Accept: application/x-ndjson gives the JSON in lines, as /explain does.")
            .Produces<CompareResponse>(contentType: Json, additionalContentTypes: ["image/png", "image/webp", "image/jpeg"])
            .ProducesLines(typeof(AnswerLine<CompareResponse>))
            .Refuses(StatusCodes.Status406NotAcceptable)
            .TakesPicture([EndpointParameters.Model, .. OutputParameters.Of(table, Outputs.Compare), Format]);
    }

    private static readonly (string, PictureFormat?)[] Offered =
    [
        (Json, null), .. JsonLines.Asked.Select(type => (type, (PictureFormat?)null)),
        .. Enum.GetValues<PictureFormat>().Select(format => (ImageEncoder.MediaType(format), (PictureFormat?)format)),
    ];
}
