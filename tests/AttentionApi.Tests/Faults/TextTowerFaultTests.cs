using System.Net;
using System.Text.Json.Nodes;
using AttentionApi.Core.Catalog;
using AttentionApi.Core.Loading;
using AttentionApi.Core.Loading.Gradients;
using AttentionApi.Core.Models.Folders;
using AttentionApi.Core.Runtime;
using AttentionApi.Core.Runtime.Sessions;
using AttentionApi.Core.Text;
using AttentionApi.Tests.Api;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;

namespace AttentionApi.Tests.Faults;

/// <summary>Text towers whose runs fail while they are served.</summary>
public sealed class TextTowerFaultTests : IDisposable
{
    private readonly ServedModels models = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_label_whose_run_fails_is_a_503_and_everything_else_goes_on()
    {
        AddClip("lazy</w>");
        await using var host = await models.ServeAsync(("Models:Default", "clip"));
        await IsUnavailableAsync(host.Client, "method=alignment&labels=lazy");
        await IsUnavailableAsync(host.Client, "method=alignment&labels=lazy&textTokens=true");
        await host.MustExplainAsync("method=alignment&labels=many");
        await host.MustExplainAsync("model=vit");
        // The check runs towers on an empty text, which this tower can do.
        using var readiness = await host.Client.GetAsync("/readyz", Cancellation);
        Assert.Equal(HttpStatusCode.OK, readiness.StatusCode);
    }

    [Fact]
    public async Task A_default_model_whose_text_tower_fails_is_not_ready_while_answers_without_labels_go_on()
    {
        AddClip("lazy</w>");
        await using var host = new BrokenTextHost(models.Folder);
        using var client = await host.ReadyAsync();
        await IsUnavailableAsync(client, "method=alignment&labels=many");
        using (var readiness = await client.GetAsync("/readyz", Cancellation)) await readiness.ProblemAsync(503);
        using (var alive = await client.GetAsync("/healthz", Cancellation)) Assert.Equal(HttpStatusCode.OK, alive.StatusCode);
        foreach (var query in (string[])["", "model=vit"])
        {
            using var answer = await client.SendAsync($"explain?{query}", Pictures.Fixture);
            await answer.JsonAsync();
        }
    }

    public void Dispose() => models.Dispose();

    /// <summary>A CLIP whose tokenizer gives one of its words an id that the model has no embedding for.</summary>
    private void AddClip(string word)
    {
        var file = Path.Combine(models.AddFamily("clip"), "tokenizer.json");
        var tokenizer = JsonNode.Parse(File.ReadAllText(file))!;
        tokenizer["model"]!["vocab"]![word] = 5000;
        File.WriteAllText(file, tokenizer.ToJsonString());
    }

    private static async Task IsUnavailableAsync(HttpClient client, string query)
    {
        using var answer = await client.SendAsync($"explain?{query}", Pictures.Fixture);
        var problem = await answer.ProblemAsync(503, "model");
        Assert.Contains("A run of the model failed", (string?)problem["detail"], StringComparison.Ordinal);
    }

    /// <summary>A host whose CLIP asks its text tower for an output that is not there, once it is loaded.</summary>
    private sealed class BrokenTextHost(string folder) : TestHost(("Models:Path", folder), ("Models:Default", "clip"))
    {
        protected override void ConfigureWebHost(IWebHostBuilder builder)
        {
            base.ConfigureWebHost(builder);
            var catalog = new ModelCatalog(new(folder, "clip", 4), (found, _) => LoadAsync(found.Path), NullLogger<ModelCatalog>.Instance, TimeProvider.System);
            catalog.Refresh(atStart: true);
            builder.ConfigureTestServices(services => services.AddSingleton(_ => catalog));
        }

        private static async Task<LoadedModel> LoadAsync(string path)
        {
            var model = await LoadedModels.LoadAsync(path);
            if (!model.Facts.Text) return model;
            await model.DisposeAsync();
            var folder = ModelFolder.Open(path);
            var towers = TowerLoader.Load(folder, FixtureModels.Factory);
            var text = towers.Text! with { Embedding = towers.Text.Embedding with { Name = "nobody" } };
            return new LoadedModel(model.Facts, model.Preprocessor.Config, new ForwardPass("clip", towers.Vision, new SessionPool([towers.Vision.Session], 1)),
                new MadeOnce<TowerGradients>(_ => Task.FromResult(GradientLoader.Open(FixtureModels.Factory, towers.Vision, towers.Gradients))),
                new(new(text, new SessionPool([text.Session], 1), TokenizerFactory.Open(folder.TextConfig, towers.Config.TextLength), null), null));
        }
    }
}
