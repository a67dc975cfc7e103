using System.Text.Json;
using System.Text.Json.Nodes;
using AttentionApi.Contracts;
using AttentionApi.Core.Rendering.Formats;
using AttentionApi.Core.Rendering.Layout;
using AttentionApi.Core.Rendering.Painting;
using AttentionApi.Http.Parameters;

namespace AttentionApi.Hosting;

/// <summary>How one endpoint draws: the parameters it takes, with its defaults.</summary>
internal sealed class PictureStyle(Scaling scale, bool legend, SizeChoice size)
{
    private readonly QueryParameter<Scaling> scaling = Query.Scale with { Default = scale };
    private readonly QueryParameter<bool> strip = Query.Legend with { Default = legend };
    private readonly QueryParameter<SizeChoice> pixels = Query.Size with
    {
        Default = size,
        Description = size.Word == SizeChoice.Original.Word ? $"{Query.Size.Description} By default the longer edge has at most {size.Edge} pixels." : Query.Size.Description,
    };

    public IReadOnlyList<QueryParameter> Parameters => [Query.Colors, Query.Opacity, scaling, Query.Interpolated, pixels, strip];

    public OverlayStyle For(ExplanationPlan plan) => new()
    {
        Colormap = plan.Query.Get(Query.Colors),
        Opacity = plan.Query.Get(Query.Opacity),
        Scaling = plan.Query.Get(scaling),
        Interpolation = plan.Query.Get(Query.Interpolated),
        Size = plan.Query.Get(pixels).For(plan.Model.ImageSize),
        Legend = plan.Query.Get(strip),
    };

    /// <summary>What a picture carries so that it can be made again: every effective parameter, the model, and the picture's hash.</summary>
    /// <param name="explanation">What is drawn.</param>
    /// <param name="signed">Whether the drawn maps are: it decides the default colours.</param>
    /// <param name="others">Parameters of the endpoint alone.</param>
    public PictureMetadata Metadata(Explanation explanation, bool signed, params ReadOnlySpan<(QueryParameter Parameter, string Value)> others)
    {
        var (plan, style) = (explanation.Plan, For(explanation.Plan));
        var parameters = JsonSerializer.SerializeToNode(Answers.Parameters(explanation), ApiJson.Answers.EffectiveParameters)!.AsObject();
        parameters.Insert(0, Query.Method.Name, plan.Method.Info.Name);
        parameters[Query.Colors.Name] = (style.Colormap ?? ColormapTables.DefaultFor(signed)).Word();
        parameters[Query.Opacity.Name] = style.Opacity;
        parameters[Query.Scale.Name] = style.Scaling.Word();
        parameters[Query.Interpolated.Name] = style.Interpolation.Word();
        parameters[Query.Size.Name] = plan.Query.Get(pixels).Word;
        parameters[Query.Legend.Name] = style.Legend;
        foreach (var (parameter, value) in others) parameters[parameter.Name] = parameter.Type == Http.Parameters.ValueType.Integer ? JsonNode.Parse(value) : value;
        parameters["image"] = explanation.Picture.Sha256;
        return new PictureMetadata(parameters.ToJsonString(), plan.Model.Id, plan.Model.Sha256);
    }
}
