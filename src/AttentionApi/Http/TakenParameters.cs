using System.Net;
using System.Text;
using System.Text.Unicode;
using AttentionApi.Contracts;
using AttentionApi.Core.Explain;
using AttentionApi.Core.Parameters;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Extensions.Primitives;

namespace AttentionApi.Http;

/// <summary>Endpoint metadata: the query parameters it takes, with its own defaults; read by the parser and by OpenAPI.</summary>
/// <param name="Parameters">In the order in which they are documented.</param>
/// <param name="Pictures">How many pictures its body holds.</param>
internal sealed record TakenParameters(IReadOnlyList<Parameter> Parameters, TakenPictures Pictures);

/// <summary>Endpoint metadata: the answer comes in lines, always or where the caller likes that better.</summary>
/// <param name="Lines">What each is: one of these.</param>
internal sealed record AnswersInLines(IReadOnlyList<Type> Lines);

/// <summary>How many pictures a body holds.</summary>
internal enum TakenPictures
{
    None,
    One,
    Several,
}

internal static class TakenParametersExtensions
{
    /// <summary>Takes these parameters and no picture; another one that is sent is looked up all the same, so that no typo passes.</summary>
    public static RouteHandlerBuilder Takes(this RouteHandlerBuilder endpoint, params IReadOnlyList<Parameter> parameters) => endpoint
        .WithMetadata(new TakenParameters(parameters, TakenPictures.None))
        .Refuses(400, 401, 403, 405, 414, 429, 503)
        .AddEndpointFilter((context, next) =>
        {
            context.HttpContext.Request.ReadParameters(parameters, context.HttpContext.RequestServices.GetRequiredService<ParameterTable>());
            return next(context);
        });

    /// <summary>Takes a picture and these parameters.</summary>
    public static RouteHandlerBuilder TakesPicture(this RouteHandlerBuilder endpoint, params IReadOnlyList<Parameter> parameters)
    {
        endpoint.WithMetadata(new TakenParameters(parameters, TakenPictures.One)).WithTags("Explain");
        return endpoint.Refuses([.. ProblemTable.Statuses.Where(status => status != StatusCodes.Status406NotAcceptable)]);
    }

    /// <summary>Takes several pictures and these parameters; what is wrong with a picture is no matter of the status.</summary>
    public static RouteHandlerBuilder TakesPictures(this RouteHandlerBuilder endpoint, params IReadOnlyList<Parameter> parameters)
    {
        endpoint.WithMetadata(new TakenParameters(parameters, TakenPictures.Several)).WithTags("Explain");
        return endpoint.Refuses([.. ProblemTable.Statuses.Except([StatusCodes.Status406NotAcceptable, StatusCodes.Status422UnprocessableEntity])]);
    }

    /// <summary>Gives a picture of the type that the caller likes best.</summary>
    public static RouteHandlerBuilder ProducesPicture(this RouteHandlerBuilder endpoint, string first, params string[] others) =>
        endpoint.Produces<Stream>(contentType: first, additionalContentTypes: others).Refuses(StatusCodes.Status406NotAcceptable);

    /// <summary>Gives its answer in lines, each one of these.</summary>
    public static RouteHandlerBuilder ProducesLines(this RouteHandlerBuilder endpoint, params IReadOnlyList<Type> lines) =>
        endpoint.WithMetadata(new AnswersInLines(lines));

    /// <summary>Answers problems of these statuses.</summary>
    public static RouteHandlerBuilder Refuses(this RouteHandlerBuilder endpoint, params IReadOnlyList<int> statuses)
    {
        foreach (var status in statuses) endpoint.Produces<Problem>(status, "application/problem+json");
        return endpoint;
    }

    /// <summary>The parameters in the query and in the fields of a form.</summary>
    /// <exception cref="ParameterException">An unknown name, a name given twice, text that is not UTF-8, or a value that is not in its range.</exception>
    public static ParameterValues ReadParameters(
        this HttpRequest request, IReadOnlyList<Parameter> taken, ParameterTable table, IReadOnlyDictionary<string, StringValues>? form = null)
    {
        form ??= new Dictionary<string, StringValues>();
        EnsureUtf8(request.QueryString);
        if (form.Keys.FirstOrDefault(request.Query.ContainsKey) is { } twice)
            throw new ParameterException(twice, $"{twice} is given in the query and in the form; give it once.");
        return ParameterValues.Read(request.Query.Concat(form).Select(pair => KeyValuePair.Create(pair.Key, pair.Value.AsEnumerable())), taken, table.All);
    }

    /// <summary>Percent signs that stand for no UTF-8 would be kept as they are, and "caf%E9" be taken for a label.</summary>
    private static void EnsureUtf8(QueryString query)
    {
        foreach (var pair in new QueryStringEnumerable(query.Value))
        {
            var encoded = Encoding.UTF8.GetBytes(pair.EncodedValue.ToArray());
            if (Utf8.IsValid(WebUtility.UrlDecodeToBytes(encoded, 0, encoded.Length))) continue;
            var name = Words.Shown(pair.DecodeName().ToString());
            throw new ParameterException(name, $"The value of {name} is not UTF-8; send its letters as UTF-8, percent-encoded or as they are.");
        }
    }
}
