using System.Globalization;
using Microsoft.OpenApi;
using Swashbuckle.AspNetCore.SwaggerGen;

namespace AttentionApi.Http.OpenApi;

/// <summary>Says of each answer when it comes, what an error looks like, and which headers it carries.</summary>
internal sealed class ResponseDescriber : IOperationFilter, IDocumentFilter
{
    private static readonly Dictionary<string, string> Headers = new()
    {
        ["Server-Timing"] = "Milliseconds of each stage: decode, preprocess, queue, inference, explain, total.",
        ["X-Request-Id"] = "The caller's own, or one of ours; the server's log has it too.",
        [PictureResponse.WarningsHeader] = "What a careful reader must know of the picture: a JSON array in ASCII; absent where there is nothing.",
        ["Retry-After"] = "Seconds after which to try again.",
        ["Allow"] = "The verbs that the path takes.",
        ["WWW-Authenticate"] = "Bearer.",
    };

    public void Apply(OpenApiOperation operation, OperationFilterContext context)
    {
        if (context.ApiDescription.ActionDescriptor.EndpointMetadata.OfType<AnswersInLines>().FirstOrDefault() is { } lines)
        {
            operation.Responses!["200"].Content![JsonLines.MediaType] = new OpenApiMediaType
            {
                Schema = Line(operation, [.. lines.Lines.Select(line => context.SchemaGenerator.GenerateSchema(line, context.SchemaRepository))],
                    context.SchemaRepository),
            };
        }
        foreach (var (text, answer) in operation.Responses ?? [])
        {
            var response = (OpenApiResponse)answer;
            var status = int.Parse(text, CultureInfo.InvariantCulture);
            response.Headers = HeadersOf(status, response).ToDictionary(name => name, IOpenApiHeader (name) =>
                new OpenApiHeaderReference(name, context.Document));
            foreach (var picture in (response.Content ?? new Dictionary<string, OpenApiMediaType>()).Where(content => IsPicture(content.Key)))
                picture.Value.Schema = new OpenApiSchema { Type = JsonSchemaType.String, Format = "binary" };
            if (status == StatusCodes.Status200OK) continue;
            var (when, example) = ProblemTable.Describe(status);
            response.Description = when;
            foreach (var content in response.Content!.Values.OfType<OpenApiMediaType>()) content.Example = example;
        }
    }

    public void Apply(Microsoft.OpenApi.OpenApiDocument document, DocumentFilterContext context)
    {
        document.Components ??= new OpenApiComponents();
        document.Components.Headers = Headers.ToDictionary(header => header.Key, IOpenApiHeader (header) => new OpenApiHeader
        {
            Description = header.Value,
            Schema = new OpenApiSchema { Type = header.Key == "Retry-After" ? JsonSchemaType.Integer : JsonSchemaType.String },
        });
    }

    /// <summary>One of several, under a name: openapi-generator's clients do not compile with a choice that has none.</summary>
    private static IOpenApiSchema Line(OpenApiOperation operation, IList<IOpenApiSchema> lines, SchemaRepository schemas)
    {
        if (lines is [var single]) return single;
        var name = $"{char.ToUpperInvariant(operation.OperationId![0])}{operation.OperationId[1..]}Line";
        return schemas.AddDefinition(name, new OpenApiSchema { OneOf = lines, Description = "One of these." });
    }

    private static bool IsPicture(string type) => type.StartsWith("image/", StringComparison.Ordinal);

    private static IEnumerable<string> HeadersOf(int status, OpenApiResponse response)
    {
        yield return "Server-Timing";
        yield return "X-Request-Id";
        if (response.Content?.Keys.Any(IsPicture) == true) yield return PictureResponse.WarningsHeader;
        switch (status)
        {
            case StatusCodes.Status401Unauthorized: yield return "WWW-Authenticate"; break;
            case StatusCodes.Status405MethodNotAllowed: yield return "Allow"; break;
            case StatusCodes.Status429TooManyRequests or StatusCodes.Status503ServiceUnavailable: yield return "Retry-After"; break;
        }
    }
}
