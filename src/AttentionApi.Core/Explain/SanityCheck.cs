using AttentionApi.Core.Analysis;
using AttentionApi.Core.Analysis.Kernels;
using AttentionApi.Core.Diagnostics;
using AttentionApi.Core.Loading;
using AttentionApi.Core.Parameters;
using AttentionApi.Core.Scoring;

namespace AttentionApi.Core.Explain;

/// <summary>Whether a method's maps depend on what they claim to show (Adebayo et al. 2018, Sanity Checks for Saliency Maps).</summary>
/// <param name="Method">Its name.</param>
/// <param name="LabelSwap">Rank correlation of the maps of two labels: 1 where the label makes no difference; null without two, or where one is flat.</param>
/// <param name="RandomWeights">
/// Rank correlation of the map with that of the same model with shuffled weights: near 0 where it rests on what the model learned; null where one is flat.
/// </param>
internal sealed record MethodSanity(string Method, double? LabelSwap, double? RandomWeights);

/// <summary>Checks every method that a model serves, on one picture with two labels.</summary>
/// <param name="analyzer">Runs the models.</param>
/// <param name="table">The methods.</param>
/// <param name="picture">What is looked at.</param>
internal sealed class SanityCheck(PictureAnalyzer analyzer, ParameterTable table, Picture picture)
{
    /// <summary>Counts while a method is checked.</summary>
    public RunCounter Runs { get; } = new();

    /// <summary>Runs on changed pictures that the check of a method takes, with both models; none where it cannot be checked.</summary>
    /// <param name="method">One that the model serves.</param>
    /// <param name="model">The model.</param>
    /// <param name="labels">As for the check.</param>
    public int RunsOf(Explainer method, ModelFacts model, string[] labels)
    {
        try
        {
            return 2 * Plan(method, model, labels).ExtraRuns;
        }
        catch (ParameterException)
        {
            return 0;
        }
    }

    /// <summary>The two best classes of a classifier for the picture, as labels.</summary>
    public async Task<string[]> BestClassesAsync(LoadedModel model, CancellationToken cancellation)
    {
        var scoring = await Inspect(model, LabelChoice.None(model.Facts)).ScoresAsync(cancellation).ConfigureAwait(false);
        return [.. scoring.Targets.Take(2).Select(target => target.Class!.Value.ToString(System.Globalization.CultureInfo.InvariantCulture))];
    }

    /// <summary>One method; null where it needs a value that was not given, such as a patch.</summary>
    /// <param name="method">One that the model serves.</param>
    /// <param name="model">The model.</param>
    /// <param name="shuffled">The same with shuffled weights.</param>
    /// <param name="labels">Two; none for models that judge no labels.</param>
    /// <param name="cancellation">Ends the work.</param>
    public async Task<MethodSanity?> CheckAsync(Explainer method, LoadedModel model, LoadedModel shuffled, string[] labels, CancellationToken cancellation)
    {
        try
        {
            var own = await MapsAsync(method, model, labels, cancellation).ConfigureAwait(false);
            var random = await MapsAsync(method, shuffled, labels, cancellation).ConfigureAwait(false);
            return new(method.Info.Name,
                own is [var first, var second, ..] ? RankCorrelation.Between(first.Values, second.Values) : null,
                RankCorrelation.Between(own[0].Values, random[0].Values));
        }
        catch (ParameterException)
        {
            return null;
        }
    }

    /// <summary>The last layer's maps: one a label, or one.</summary>
    private async Task<IReadOnlyList<Heatmap>> MapsAsync(Explainer method, LoadedModel model, string[] labels, CancellationToken cancellation)
    {
        var plan = Plan(method, model.Facts, labels);
        var explanation = await Explanation.BeginAsync(plan, Inspect(model, plan.Labels), cancellation).ConfigureAwait(false);
        var maps = (await explanation.MapsAsync(cancellation).ConfigureAwait(false)).Maps;
        return [.. maps.Where(map => map.Layer == maps[^1].Layer)];
    }

    private ExplanationPlan Plan(Explainer method, ModelFacts model, string[] labels)
    {
        (string Name, string[] Texts)[] pairs = [(table.Method.Name, [method.Info.Name]), (SharedParameters.Labels.VerbatimName!, labels)];
        var given = ParameterValues.Read(pairs.Select(pair => KeyValuePair.Create(pair.Name, (IEnumerable<string?>)pair.Texts)), table.All, table.All);
        return new(new ExplainRequest(table, given, Outputs.Json, table.All, LabelLimits.Default), model);
    }

    private Inspection Inspect(LoadedModel model, LabelChoice labels) => new(model, analyzer, picture, labels, new StageTimings { Runs = Runs });
}
