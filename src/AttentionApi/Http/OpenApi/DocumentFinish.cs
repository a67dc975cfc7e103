using Microsoft.OpenApi;
using Swashbuckle.AspNetCore.SwaggerGen;

namespace AttentionApi.Http.OpenApi;

/// <summary>What Swashbuckle leaves open, and linters and generators ask for.</summary>
internal sealed class DocumentFinish : IDocumentFilter
{
    private static readonly Dictionary<string, string> Tags = new()
    {
        ["Explain"] = "What the model sees in a picture, and why.",
        ["Health"] = "For orchestrators.",
        ["Models"] = "Which models and methods there are.",
    };

    public void Apply(Microsoft.OpenApi.OpenApiDocument document, DocumentFilterContext context)
    {
        foreach (var tag in document.Tags ?? new HashSet<OpenApiTag>()) tag.Description = Tags[tag.Name!];
        var schemas = document.Components!.Schemas!;
        foreach (var member in schemas.Values.SelectMany(schema => schema.Properties?.Values ?? [])) SayType(member, schemas);
    }

    /// <summary>OpenAPI 3.0 knows "nullable" beside a type only; members that refer to another schema and may be null have that schema's.</summary>
    private static void SayType(IOpenApiSchema member, IDictionary<string, IOpenApiSchema> schemas)
    {
        if (member is not OpenApiSchema { Type: JsonSchemaType.Null, AllOf: [OpenApiSchemaReference reference] } nullable) return;
        var target = schemas[reference.Reference.Id!];
        nullable.Type |= target.Type;
        nullable.Items = target.Items;
    }
}
