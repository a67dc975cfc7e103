using AttentionApi.Contracts;
using Microsoft.OpenApi;
using Swashbuckle.AspNetCore.SwaggerGen;

namespace AttentionApi.Http.OpenApi;

/// <summary>A grid of numbers is written as an array of rows.</summary>
internal sealed class NumberGridSchema : ISchemaFilter
{
    public void Apply(IOpenApiSchema schema, SchemaFilterContext context)
    {
        if (context.Type != typeof(NumberGrid) || schema is not OpenApiSchema grid) return;
        grid.Type = JsonSchemaType.Array;
        grid.Properties?.Clear();
        grid.Required?.Clear();
        grid.Items = new OpenApiSchema { Type = JsonSchemaType.Array, Items = new OpenApiSchema { Type = JsonSchemaType.Number, Format = "float" } };
        grid.Description = "Rows of numbers.";
        grid.AdditionalPropertiesAllowed = true;
    }
}
