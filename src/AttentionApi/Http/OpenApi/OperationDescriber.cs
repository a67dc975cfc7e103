using System.Globalization;
using System.Text.Json.Nodes;
using AttentionApi.Core.Parameters;
using Microsoft.OpenApi;
using Swashbuckle.AspNetCore.SwaggerGen;

namespace AttentionApi.Http.OpenApi;

/// <summary>Describes what the parameter table, the picture body and the error table mean for one operation.</summary>
internal sealed class OperationDescriber : IOperationFilter
{
    public const string ApiKeyScheme = "apiKey";

    private static readonly string[] PictureTypes = ["image/jpeg", "image/png", "image/webp"];

    public void Apply(OpenApiOperation operation, OperationFilterContext context)
    {
        foreach (var path in operation.Parameters?.OfType<OpenApiParameter>() ?? [])
        {
            path.Description = EndpointParameters.Model.Description;
            path.Example = "demo-clip";
        }
        foreach (var (status, response) in operation.Responses ?? []) Describe(int.Parse(status, CultureInfo.InvariantCulture), (OpenApiResponse)response);
        // Two alternatives: no key, or one; which of them holds is a matter of configuration.
        if (context.ApiDescription.RelativePath?.StartsWith(BasePath.Value[1..], StringComparison.Ordinal) == true)
        {
            operation.Security = [new OpenApiSecurityRequirement(), new OpenApiSecurityRequirement { [new OpenApiSecuritySchemeReference(ApiKeyScheme, context.Document)] = [] }];
        }
        if (context.ApiDescription.ActionDescriptor.EndpointMetadata.OfType<TakenParameters>().FirstOrDefault() is not { Picture: true } taken) return;
        operation.Parameters = [.. taken.Parameters.Select(Describe)];
        operation.RequestBody = PictureBody();
    }

    private static void Describe(int status, OpenApiResponse response)
    {
        if (status == StatusCodes.Status200OK) return;
        var (when, example) = ProblemTable.Describe(status);
        response.Description = when;
        foreach (var content in response.Content!.Values.OfType<OpenApiMediaType>()) content.Example = example;
    }

    private static IOpenApiParameter Describe(Parameter parameter) => new OpenApiParameter
    {
        Name = parameter.Name,
        In = ParameterLocation.Query,
        Description = $"{parameter.Description} Values: {parameter.Range}. Default: {parameter.DefaultText}.",
        Schema = parameter.Repeatable ? new OpenApiSchema { Type = JsonSchemaType.Array, Items = SchemaOf(parameter) } : SchemaOf(parameter),
        Explode = true,
        Example = parameter is { Repeatable: true, Example: { } label } ? new JsonArray(label) : parameter.Example,
    };

    private static OpenApiSchema SchemaOf(Parameter parameter) => new()
    {
        Type = TypeOf(parameter.Kind),
        Enum = parameter.Kind == ParameterKind.Word ? [.. parameter.Words.Select(word => JsonValue.Create(word))] : null,
        Minimum = Invariant(parameter.Minimum),
        Maximum = parameter.MaximumExcluded ? null : Invariant(parameter.Maximum),
        ExclusiveMaximum = parameter.MaximumExcluded ? Invariant(parameter.Maximum) : null,
        MultipleOf = (decimal?)parameter.Step,
        Default = parameter.HasDefault ? JsonNode.Parse(parameter.Kind is ParameterKind.Text or ParameterKind.Word ? $"\"{parameter.DefaultText}\"" : parameter.DefaultText) : null,
    };

    public static JsonSchemaType TypeOf(ParameterKind kind) => kind switch
    {
        ParameterKind.Integer => JsonSchemaType.Integer,
        ParameterKind.Number => JsonSchemaType.Number,
        ParameterKind.Flag => JsonSchemaType.Boolean,
        _ => JsonSchemaType.String,
    };

    private static string? Invariant(double? number) => number?.ToString(CultureInfo.InvariantCulture);

    private static OpenApiRequestBody PictureBody()
    {
        var binary = new OpenApiSchema { Type = JsonSchemaType.String, Format = "binary", Description = "JPEG, PNG or WebP, judged from the bytes." };
        var body = new OpenApiRequestBody
        {
            Required = true,
            Description = "The picture: as the file field 'image' of a form, or as the body itself.",
            Content = new Dictionary<string, OpenApiMediaType>
            {
                ["multipart/form-data"] = new OpenApiMediaType
                {
                    Schema = new OpenApiSchema
                    {
                        Type = JsonSchemaType.Object,
                        Required = new HashSet<string> { "image" },
                        Properties = new Dictionary<string, IOpenApiSchema> { ["image"] = binary },
                    },
                },
            },
        };
        foreach (var type in PictureTypes) body.Content[type] = new OpenApiMediaType { Schema = binary };
        return body;
    }
}
