using AttentionApi.Contracts;
using AttentionApi.Core.Explain;
using AttentionApi.Core.Parameters;
using AttentionApi.Core.Rendering.Regions;
using Microsoft.OpenApi;
using Swashbuckle.AspNetCore.SwaggerGen;

namespace AttentionApi.Http.OpenApi;

/// <summary>Effective parameters are an object with a member for each parameter that methods and labels declare.</summary>
internal sealed class EffectiveParametersSchema(ParameterTable table) : ISchemaFilter
{
    public void Apply(IOpenApiSchema schema, SchemaFilterContext context)
    {
        if (context.Type != typeof(EffectiveParameters) || context.MemberInfo is not null || schema is not OpenApiSchema effective) return;
        effective.Type = JsonSchemaType.Object;
        effective.Required?.Clear();
        effective.Properties = Echoed().ToDictionary(parameter => parameter.Name, parameter => Member(parameter, context.SchemaRepository));
    }

    private IEnumerable<Parameter> Echoed() =>
    [
        SharedParameters.Labels, SharedParameters.Prompt, .. table.OfMethods.Where(parameter => !parameter.RefusedWhereUnused), SharedParameters.Top,
        SharedParameters.Score, SharedParameters.Steps, SharedParameters.Target, .. RegionParameters.All,
    ];

    private static IOpenApiSchema Member(Parameter parameter, SchemaRepository schemas)
    {
        if (parameter.Kind == ParameterKind.Word) return WordSchemas.Reference(parameter, "", schemas);
        var single = new OpenApiSchema { Type = OperationDescriber.TypeOf(parameter.Kind), Description = parameter.Repeatable ? null : parameter.Description };
        // Without labels or classes nothing is the target.
        if (parameter == SharedParameters.Target) single.Type |= JsonSchemaType.Null;
        return parameter.Repeatable ? new OpenApiSchema { Type = JsonSchemaType.Array, Items = single, Description = parameter.Description } : single;
    }
}
