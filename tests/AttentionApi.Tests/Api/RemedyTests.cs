using AttentionApi.Contracts;
using AttentionApi.Core.Catalog;
using AttentionApi.Core.Explain.Methods;
using AttentionApi.Core.Models;
using AttentionApi.Core.Parameters;
using AttentionApi.Core.Scoring;
using AttentionApi.Http;
using Microsoft.Extensions.Logging.Abstractions;

namespace AttentionApi.Tests.Api;

/// <summary>Core says what is wrong; the host adds which setting or path helps.</summary>
public class RemedyTests
{
    [Fact]
    public void Who_exceeds_a_limit_is_told_its_setting()
    {
        AssertTold("Too many.", "Limits:RunsPerRequest", new OverLimitException("steps", "Too many.", Limit.Runs), "steps");
        AssertTold("Too many.", "Models:MaxLoaded", new OverLimitException("models", "Too many.", Limit.LoadedModels), "models");
    }

    [Fact]
    public void Whose_files_are_not_clear_is_told_the_setting_that_chooses_them()
    {
        var refused = new ModelRefusedException("Two files.") { ChooseFilesOf = "vit" };
        AssertTold("Two files.", "Models:Files:vit", refused.Again(), "model");
        var entry = new ModelEntry("vit", false, ModelStatus.Refused, refused.Message, null) { ChooseFiles = true };
        Assert.Contains("Models:Files:vit", Model.From(entry, BuiltInMethods.Registry).Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void Who_asks_for_an_unknown_class_is_told_where_all_that_match_are_listed()
    {
        AssertTold("No class.", "/api/v1/models/vit/classes?search=", new UnknownClassException("labels", "No class.", "vit", unlisted: 2), "labels");
        Assert.Equal("No class.", Problems.From(new UnknownClassException("labels", "No class.", "vit", unlisted: 0), NullLogger.Instance).Message);
    }

    private static void AssertTold(string reason, string remedy, Exception failure, string parameter)
    {
        var problem = Problems.From(failure, NullLogger.Instance);
        Assert.Equal((400, parameter), (problem.Status, problem.Parameter));
        Assert.StartsWith(reason, problem.Message, StringComparison.Ordinal);
        Assert.Contains(remedy, problem.Message, StringComparison.Ordinal);
    }
}
