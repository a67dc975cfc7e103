using System.Text.Json.Nodes;
using AttentionApi.Core.Parameters;
using Microsoft.OpenApi;
using Swashbuckle.AspNetCore.SwaggerGen;

namespace AttentionApi.Http.OpenApi;

/// <summary>
/// The words of a parameter as a schema with a name of its own: generators would invent one for each operation otherwise (Method2, Method3 …).
/// </summary>
internal static class WordSchemas
{
    /// <summary>Keeps the names apart from those of answers, such as Method and Scale.</summary>
    private const string Suffix = "Choice";

    /// <summary>A reference to the words; an operation that takes other words than the rest has a schema named after itself.</summary>
    public static OpenApiSchemaReference Reference(Parameter parameter, string operation, SchemaRepository schemas)
    {
        var name = Upper(parameter.Name) + Suffix;
        if (schemas.Schemas.TryGetValue(name, out var there) && !Lists(there, parameter.Words)) name = Upper(operation) + name;
        return schemas.Schemas.ContainsKey(name) ? new OpenApiSchemaReference(name) : schemas.AddDefinition(name, Schema(parameter));
    }

    private static OpenApiSchema Schema(Parameter parameter) => new()
    {
        Type = JsonSchemaType.String,
        Enum = [.. parameter.Words.Select(word => JsonValue.Create(word))],
        Description = parameter.Description,
    };

    private static bool Lists(IOpenApiSchema schema, IEnumerable<string> words) => schema.Enum!.Select(word => (string)word!).SequenceEqual(words);

    private static string Upper(string name) => char.ToUpperInvariant(name[0]) + name[1..];
}
