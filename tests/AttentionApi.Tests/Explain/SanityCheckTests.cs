using AttentionApi.Core.Analysis;
using AttentionApi.Core.Explain;
using AttentionApi.Core.Explain.Methods;
using AttentionApi.Core.Rendering.Layout;

namespace AttentionApi.Tests.Explain;

public class SanityCheckTests
{
    /// <summary>A bar that counts them ends where the work does.</summary>
    [Theory]
    [InlineData("occlusion", 2)]
    [InlineData("rollout", 0)]
    public async Task A_check_takes_as_many_runs_as_it_announces(string name, int modelsThatRun)
    {
        await using var model = await LoadedModels.LoadAsync(SharedFixtures.Family("vit"));
        var picture = LoadedModels.PictureFile(SharedFixtures.Family("vit", "image.png"));
        var check = new SanityCheck(new PictureAnalyzer(new ActivationCache(0)), new ParameterTable(BuiltInMethods.Registry, PictureParameters.All), picture);
        var labels = await check.BestClassesAsync(model, TestContext.Current.CancellationToken);
        var method = BuiltInMethods.Registry.All.Single(one => one.Info.Name == name);
        Assert.NotNull(await check.CheckAsync(method, model, model, labels, TestContext.Current.CancellationToken));
        Assert.Equal(modelsThatRun * model.Facts.Tokens.Grid.Rows * model.Facts.Tokens.Grid.Columns, check.Runs.Done);
        Assert.Equal(check.Runs.Done, check.RunsOf(method, model.Facts, labels));
    }
}
