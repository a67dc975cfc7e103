using AttentionApi.Core.Analysis;
using AttentionApi.Core.Explain;
using AttentionApi.Core.Explain.Methods;
using AttentionApi.Core.Imaging;
using AttentionApi.Core.Loading;
using AttentionApi.Core.Models;
using AttentionApi.Core.Parameters;
using AttentionApi.Core.Rendering;
using AttentionApi.Core.Rendering.Layout;
using AttentionApi.Core.Scoring;
using AttentionApi.Hosting.Limits;
using Microsoft.AspNetCore.WebUtilities;

namespace AttentionApi.Tests.Explain;

/// <summary>What gradients are taken to hold, beside what was measured of the process on two models of 197 tokens and 12 layers.</summary>
public sealed class GradientSizeTests
{
    private const double Megabyte = 1 << 20;

    [Theory, InlineData(1, 60), InlineData(8, 130), InlineData(64, 199)]
    public async Task Gradients_of_all_layers_are_estimated_within_a_factor_of_two(int labels, double measured)
    {
        await using var model = await LoadedModels.LoadAsync(SharedFixtures.Family("vit"));
        Assert.Equal(32, model.Facts.Width);
        var tiny = model.Facts with { Layers = 12, Heads = 3, Width = 192, Tokens = new TokenLayout(1, new PatchGrid(14, 14), 0, HasCls: true) };
        Assert.InRange(GradientSize.OfAllLayers(tiny, labels) / Megabyte, measured / 2, measured * 2);
        Assert.InRange(GradientSize.OfEachLayer(tiny, labels, 1), 1, GradientSize.OfAllLayers(tiny, labels));
    }

    /// <summary>A ViT-B/16 in slots of 96 MiB: five classes, as a classifier explains without labels.</summary>
    [Theory]
    [InlineData("rollout", 1), InlineData("gradEclip", 1), InlineData("chefer", 1), InlineData("leGrad", 2), InlineData("chefer&fromLayer=1", 3)]
    [InlineData("libra", 4)]
    public async Task Calls_weigh_what_their_gradients_hold(string method, int slots)
    {
        await using var model = await LoadedModels.LoadAsync(SharedFixtures.Family("vit"));
        var base16 = model.Facts with { Layers = 12, Heads = 12, Width = 768, Tokens = new TokenLayout(1, new PatchGrid(14, 14), 0, HasCls: true) };
        var table = new ParameterTable(BuiltInMethods.Registry, PictureParameters.All);
        var given = ParameterValues.Read(QueryHelpers.ParseQuery($"method={method}")
            .Select(pair => KeyValuePair.Create(pair.Key, pair.Value.AsEnumerable())), table.All, table.All);
        var plan = new ExplanationPlan(new ExplainRequest(table, given, Outputs.Json, table.All, LabelLimits.Default), base16);
        var picture = new Picture(File.ReadAllBytes(SharedFixtures.Family("vit", "image.png")), ImageLimits.Default);
        Assert.Equal(slots, new LimitsOptions { MaxConcurrent = 8 }.SlotsFor(WorkEstimate.Of(plan, picture)));
    }
}
