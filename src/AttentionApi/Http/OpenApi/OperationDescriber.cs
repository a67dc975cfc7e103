using System.Globalization;
using System.Text.Json.Nodes;
using AttentionApi.Core.Parameters;
using Microsoft.OpenApi;
using Swashbuckle.AspNetCore.SwaggerGen;

namespace AttentionApi.Http.OpenApi;

/// <summary>Describes what the parameter table, the picture body and keys mean for one operation.</summary>
internal sealed class OperationDescriber : IOperationFilter
{
    public const string ApiKeyScheme = "apiKey";

    /// <summary>In the form, by which generated clients upload a file instead of a text.</summary>
    private const string PictureTypes = "image/jpeg, image/png, image/webp";

    public void Apply(OpenApiOperation operation, OperationFilterContext context)
    {
        foreach (var path in operation.Parameters?.OfType<OpenApiParameter>() ?? [])
        {
            path.Description = EndpointParameters.Model.Description;
            path.Example = "demo-clip";
        }
        // Two alternatives: no key, or one; which of them holds is a matter of configuration.
        operation.Security = context.ApiDescription.RelativePath?.StartsWith(BasePath.Value[1..], StringComparison.Ordinal) == true
            ? [new(), new() { [new OpenApiSecuritySchemeReference(ApiKeyScheme, context.Document)] = [] }]
            : [];
        if (context.ApiDescription.ActionDescriptor.EndpointMetadata.OfType<TakenParameters>().FirstOrDefault() is not { } taken) return;
        if (taken.Parameters.Count > 0)
        {
            operation.Parameters = [.. operation.Parameters ?? [], .. taken.Parameters.SelectMany(parameter =>
                Describe(parameter, operation.OperationId!, context.SchemaRepository))];
        }
        if (taken.Pictures == TakenPictures.None) return;
        operation.RequestBody = PictureBody(taken.Pictures == TakenPictures.Several, taken.Parameters.Any(parameter => parameter.Name == "method"));
    }

    private static IEnumerable<OpenApiParameter> Describe(Parameter parameter, string operation, SchemaRepository schemas)
    {
        yield return Named(parameter, operation, schemas);
        if (parameter.VerbatimName is not { } verbatim) yield break;
        yield return new OpenApiParameter
        {
            Name = verbatim,
            In = ParameterLocation.Query,
            Description = $"One value of '{parameter.Name}' as it is, commas and all; may be repeated, and stand beside '{parameter.Name}'.",
            Schema = new OpenApiSchema { Type = JsonSchemaType.Array, Items = new OpenApiSchema { Type = JsonSchemaType.String } },
            Explode = true,
        };
    }

    private static OpenApiParameter Named(Parameter parameter, string operation, SchemaRepository schemas) => new()
    {
        Name = parameter.Name,
        In = ParameterLocation.Query,
        Description = $"{parameter.Description} Values: {parameter.Range}. Default: {parameter.DefaultText}.",
        Schema = parameter switch
        {
            { Repeatable: true } => new OpenApiSchema { Type = JsonSchemaType.Array, Items = SchemaOf(parameter) },
            { Kind: ParameterKind.Word } => Word(parameter, WordSchemas.Reference(parameter, operation, schemas)),
            _ => SchemaOf(parameter),
        },
        Explode = true,
        Example = parameter is { Repeatable: true, Example: { } label } ? new JsonArray(label) : parameter.Example,
    };

    /// <summary>Beside a reference OpenAPI 3.0 allows nothing; a default needs an allOf around it.</summary>
    private static IOpenApiSchema Word(Parameter parameter, OpenApiSchemaReference words) =>
        Default(parameter) is { } value ? new OpenApiSchema { AllOf = [words], Default = value } : words;

    private static OpenApiSchema SchemaOf(Parameter parameter) => new()
    {
        Type = TypeOf(parameter.Kind),
        Minimum = Invariant(parameter.Minimum),
        Maximum = parameter.MaximumExcluded ? null : Invariant(parameter.Maximum),
        ExclusiveMaximum = parameter.MaximumExcluded ? Invariant(parameter.Maximum) : null,
        MultipleOf = (decimal?)parameter.Step,
        Default = Default(parameter),
    };

    private static JsonNode? Default(Parameter parameter) => !parameter.HasDefault ? null
        : parameter.Kind is ParameterKind.Text or ParameterKind.Word ? JsonValue.Create(parameter.DefaultText) : JsonNode.Parse(parameter.DefaultText);

    public static JsonSchemaType TypeOf(ParameterKind kind) => kind switch
    {
        ParameterKind.Integer => JsonSchemaType.Integer,
        ParameterKind.Number => JsonSchemaType.Number,
        ParameterKind.Flag => JsonSchemaType.Boolean,
        _ => JsonSchemaType.String,
    };

    private static string? Invariant(double? number) => number?.ToString(CultureInfo.InvariantCulture);

    /// <param name="several">Whether the field may be repeated.</param>
    /// <param name="explains">Whether methods are offered, some of which take a second picture.</param>
    private static OpenApiRequestBody PictureBody(bool several, bool explains) => new()
    {
        Required = true,
        Description = (several ? "The pictures, each a file field 'image' of a form. "
            : "The picture, as the file field 'image' of a form. Clients without forms send it as the body itself, with its image/* content type. ")
            + "Parameters may be fields of the form instead of the query's, under the same names.",
        Content = new Dictionary<string, OpenApiMediaType>
        {
            ["multipart/form-data"] = new()
            {
                Schema = new OpenApiSchema
                {
                    Type = JsonSchemaType.Object,
                    Required = new HashSet<string> { Http.PictureBody.Field },
                    Properties = Files(several, explains).ToDictionary(file => file.Name, file => file.Schema),
                },
                Encoding = Files(several, explains).ToDictionary(file => file.Name, _ => new OpenApiEncoding { ContentType = PictureTypes }),
            },
        },
    };

    private static IEnumerable<(string Name, IOpenApiSchema Schema)> Files(bool several, bool explains)
    {
        const string formats = "JPEG, PNG or WebP, judged from the bytes.";
        yield return (Http.PictureBody.Field,
            several ? new OpenApiSchema { Type = JsonSchemaType.Array, Items = File(formats), Description = formats } : File(formats));
        // Nullable, because NSwag's clients demand every file that is not.
        if (explains && !several) yield return (Http.PictureBody.ReferenceField,
            File("similarity: another picture, whose patches are compared with the chosen patch of the first; the map lies on it. Optional.",
                JsonSchemaType.String | JsonSchemaType.Null));
    }

    private static OpenApiSchema File(string description, JsonSchemaType type = JsonSchemaType.String) =>
        new() { Type = type, Format = "binary", Description = description };
}
