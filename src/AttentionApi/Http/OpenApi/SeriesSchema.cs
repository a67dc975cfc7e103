using AttentionApi.Contracts;
using Microsoft.OpenApi;
using Swashbuckle.AspNetCore.SwaggerGen;

namespace AttentionApi.Http.OpenApi;

/// <summary>Series are an object of lists; an entry has a label and named numbers.</summary>
internal sealed class SeriesSchema : ISchemaFilter
{
    public void Apply(IOpenApiSchema schema, SchemaFilterContext context)
    {
        if (context.Type != typeof(SeriesByName) || context.MemberInfo is not null || schema is not OpenApiSchema series) return;
        series.Type = JsonSchemaType.Object;
        series.Properties?.Clear();
        series.Required?.Clear();
        series.AdditionalPropertiesAllowed = true;
        series.AdditionalProperties = new OpenApiSchema
        {
            Type = JsonSchemaType.Array,
            Items = new OpenApiSchema
            {
                Type = JsonSchemaType.Object,
                Properties = new Dictionary<string, IOpenApiSchema> { ["label"] = new OpenApiSchema { Type = JsonSchemaType.String | JsonSchemaType.Null } },
                AdditionalProperties = new OpenApiSchema { OneOf = [Numbers(0), Numbers(1), Numbers(2)] },
                Description = "A label, or null, and named numbers: one, a row, or rows.",
            },
        };
    }

    private static OpenApiSchema Numbers(int dimensions) => dimensions == 0
        ? new OpenApiSchema { Type = JsonSchemaType.Number, Format = "float" }
        : new OpenApiSchema { Type = JsonSchemaType.Array, Items = Numbers(dimensions - 1) };
}
