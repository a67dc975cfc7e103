using AttentionApi.Contracts;
using Microsoft.OpenApi;
using Swashbuckle.AspNetCore.SwaggerGen;

namespace AttentionApi.Http.OpenApi;

/// <summary>A grid of numbers is written as an array of rows.</summary>
internal sealed class NumberGridSchema : ISchemaFilter, IDocumentFilter
{
    /// <summary>What the grid is made of is of no interest to callers.</summary>
    public void Apply(Microsoft.OpenApi.OpenApiDocument document, DocumentFilterContext context)
    {
        foreach (var leftover in document.Components?.Schemas?.Keys.Where(name => name.StartsWith("SingleReadOnly", StringComparison.Ordinal)).ToArray() ?? [])
            document.Components!.Schemas!.Remove(leftover);
    }

    public void Apply(IOpenApiSchema schema, SchemaFilterContext context)
    {
        if (context.MemberInfo is not null || schema is not OpenApiSchema grid) return;
        if (context.Type == typeof(NumberGrid)) Rows(grid, Number, "Rows of numbers.");
        if (context.Type == typeof(PatchNumbers))
            Rows(grid, new OpenApiSchema { OneOf = [Number, new OpenApiSchema { Type = JsonSchemaType.Array, Items = Number }] },
                "Rows of patches: a number each; of features an array of components each.");
    }

    private static OpenApiSchema Number => new() { Type = JsonSchemaType.Number, Format = "float" };

    private static void Rows(OpenApiSchema grid, OpenApiSchema cell, string description)
    {
        grid.Type = JsonSchemaType.Array;
        grid.Properties?.Clear();
        grid.Required?.Clear();
        grid.Items = new OpenApiSchema { Type = JsonSchemaType.Array, Items = cell };
        grid.Description = description;
        grid.AdditionalPropertiesAllowed = true;
    }
}
