using AttentionApi.Core.Analysis;
using AttentionApi.Core.Explain;
using AttentionApi.Core.Imaging;
using AttentionApi.Core.Models;
using AttentionApi.Core.Parameters;
using AttentionApi.Core.Rendering.Painting;
using AttentionApi.Core.Scoring;
using static AttentionApi.Core.Explain.SharedParameters;

namespace AttentionApi.Core.Rendering;

/// <summary>What an explanation will take, from plan and header alone, so that heavy ones can be told from light ones before they begin.</summary>
/// <param name="Bytes">Held at most, within a factor of two.</param>
/// <param name="Runs">Of the vision model, besides the one on the picture itself.</param>
internal readonly record struct WorkEstimate(long Bytes, int Runs)
{
    /// <summary>Bytes of a drawn pixel: itself, the encoder's copies and its part of the file. The most, a PNG of noise, was measured.</summary>
    private const int BytesPerDrawnPixel = 10;

    private const int LongestEmbedding = 2048;

    /// <summary>Several explanations at once.</summary>
    public static WorkEstimate operator +(WorkEstimate one, WorkEstimate other) => new(one.Bytes + other.Bytes, one.Runs + other.Runs);

    /// <summary>Decoded picture, attention, drawn picture and file, what the runs answer, and what backward passes hold.</summary>
    public static WorkEstimate Of(ExplanationPlan plan, Picture picture) => new(
        picture.DecodedBytes + Attention(plan) + BytesPerDrawnPixel * Drawn(plan, picture.Header) + Answers(plan) + Mask(plan, picture.Header)
            + Gradients(plan), plan.ExtraRuns);

    /// <summary>Of all explanations together.</summary>
    public static WorkEstimate Of(JointPlan plan, Picture picture) => plan.Plans.Select(one => Of(one, picture)).Aggregate((one, other) => one + other);

    /// <summary>What is held until the last run.</summary>
    private static long Answers(ExplanationPlan plan) => sizeof(float) * (long)plan.ExtraRuns * (plan.Model.ClassNames?.Count ?? LongestEmbedding);

    /// <summary>A byte a pixel, and as much again for the mask's file.</summary>
    private static long Mask(ExplanationPlan plan, ImageHeader header) => plan.Output == Outputs.Regions ? 2L * header.Width * header.Height : 0;

    /// <summary>A classifier that is given no labels takes its best few.</summary>
    private static long Gradients(ExplanationPlan plan) => plan.Output == Outputs.Predictions ? 0
        : plan.Method.GradientBytes(plan.Model, plan.Values, Math.Max(plan.Labels.Labels.Count, plan.Model.IsClassifier ? LabelScoring.BestClasses : 1));

    private static long Attention(ExplanationPlan plan)
    {
        var model = plan.Model;
        var eachHead = plan.Output == Outputs.Tensors || plan.Values.Get(Heads) == HeadChoice.Each;
        return (long)sizeof(float) * model.Layers * model.Tokens.Count * model.Tokens.Count * (eachHead ? model.Heads : 1);
    }

    private static long Drawn(ExplanationPlan plan, ImageHeader header)
    {
        var picture = new PixelSize(header.Width, header.Height);
        var pixels = plan.Output switch
        {
            Outputs.Overlay => Area(OverlayPicture.Measure(plan, picture)),
            Outputs.Compare => Area(ComparisonPicture.Measure(plan, picture)),
            Outputs.Animation => Area(AnimationPicture.Measure(plan, picture)) * Layers(plan) * (plan.Values.Get(Panels) == PanelChoice.Labels
                ? Math.Max(1, plan.Labels.Labels.Count) : 1),
            Outputs.Evidence => Area(AnimationPicture.Measure(plan, picture)) * (Layers(plan) + Math.Max(1, plan.Labels.Labels.Count)),
            Outputs.Grid => Area(GridPicture.Measure(plan, picture)) * Layers(plan) * Math.Max(Math.Max(1, plan.Labels.Labels.Count),
                plan.Values.Get(Heads) == HeadChoice.Each ? plan.Model.Heads : 1),
            _ => 0,
        };
        // Larger pictures are refused before they are drawn.
        return Math.Min(pixels, PictureTooLargeException.MaximumPixels);
    }

    private static int Layers(ExplanationPlan plan)
    {
        if (plan.Method.Info.Layers == LayerUse.None) return 1;
        var (from, to) = plan.Values.Layers();
        return to - from + 1;
    }

    private static long Area(PixelSize size) => (long)size.Width * size.Height;
}
