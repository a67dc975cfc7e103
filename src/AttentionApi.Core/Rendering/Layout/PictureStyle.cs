using System.Text.Json.Nodes;
using AttentionApi.Core.Explain;
using AttentionApi.Core.Parameters;
using AttentionApi.Core.Rendering.Formats;
using AttentionApi.Core.Rendering.Painting;

namespace AttentionApi.Core.Rendering.Layout;

/// <summary>How one kind of picture is drawn: the parameters it takes, with its defaults.</summary>
internal sealed class PictureStyle(Scaling scale, bool legend, SizeChoice size)
{
    private readonly Parameter<Scaling> scaling = PictureParameters.Scale with { Default = scale };
    private readonly Parameter<bool> strip = PictureParameters.Legend with { Default = legend };
    private readonly Parameter<SizeChoice> pixels = PictureParameters.Size with
    {
        Default = size,
        Description = size.Word == SizeChoice.Original.Word
            ? $"{PictureParameters.Size.Description} By default the longer edge has at most {size.Edge} pixels." : PictureParameters.Size.Description,
    };

    public IReadOnlyList<Parameter> Parameters =>
        [PictureParameters.Colors, PictureParameters.Opacity, PictureParameters.Blending, scaling, PictureParameters.Interpolated, pixels, strip];

    public OverlayStyle For(ExplanationPlan plan) => new()
    {
        Colormap = plan.Values.Get(PictureParameters.Colors),
        Opacity = plan.Values.Get(PictureParameters.Opacity),
        Blend = plan.Values.Get(PictureParameters.Blending),
        Scaling = plan.Values.Get(scaling),
        Interpolation = plan.Values.Get(PictureParameters.Interpolated),
        Size = plan.Values.Get(pixels).For(plan.Model.ImageSize),
        Legend = plan.Values.Get(strip),
    };

    /// <summary>What a picture carries so that it can be made again: every effective parameter, the model, and the picture's hash.</summary>
    /// <param name="explanation">What is drawn.</param>
    /// <param name="signed">Whether the drawn maps are: it decides the default colours.</param>
    /// <param name="others">Values of parameters of this kind of picture alone.</param>
    public PictureMetadata Metadata(Explanation explanation, bool signed, params ReadOnlySpan<(Parameter Parameter, JsonNode Value)> others)
    {
        var (plan, style) = (explanation.Plan, For(explanation.Plan));
        var parameters = ParameterEcho.Of(explanation);
        parameters.Insert(0, "method", plan.Method.Info.Name);
        parameters[PictureParameters.Colors.Name] = (style.Colormap ?? ColormapTables.DefaultFor(signed)).Word();
        parameters[PictureParameters.Opacity.Name] = style.Opacity;
        parameters[PictureParameters.Blending.Name] = style.Blend.Word();
        parameters[PictureParameters.Scale.Name] = style.Scaling.Word();
        parameters[PictureParameters.Interpolated.Name] = style.Interpolation.Word();
        parameters[PictureParameters.Size.Name] = plan.Values.Get(pixels).Word;
        parameters[PictureParameters.Legend.Name] = style.Legend;
        foreach (var (parameter, value) in others) parameters[parameter.Name] = value;
        parameters["image"] = explanation.Inspection.Picture.Sha256;
        return new PictureMetadata(parameters.ToJsonString(ParameterEcho.Json), plan.Model.Id, plan.Model.Sha256);
    }
}
