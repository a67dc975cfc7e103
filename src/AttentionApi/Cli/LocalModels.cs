using AttentionApi.Contracts;
using AttentionApi.Core.Catalog;
using AttentionApi.Core.Explain.Methods;
using AttentionApi.Core.Loading;
using AttentionApi.Core.Models;
using AttentionApi.Hosting;
using Microsoft.Extensions.Options;

namespace AttentionApi.Cli;

/// <summary>Models loaded for a look at them: by the server's own loader, with the same settings, files and cache.</summary>
internal sealed class LocalModels : IDisposable
{
    private readonly IHost host;
    private readonly ModelLoader loader;

    private LocalModels(IHost host) => (this.host, loader) = (host, host.Services.GetRequiredService<ModelLoader>());

    /// <summary>Does something with the models; a wrong setting ends it with a sentence and exit code 1.</summary>
    /// <param name="work">What to do.</param>
    /// <param name="error">Gets the sentence.</param>
    /// <param name="id">The model that <paramref name="files"/> are of.</param>
    /// <param name="files">In place of what Models:Files says of it; null: as configured.</param>
    public static async Task<int> UseAsync(Func<LocalModels, Task<int>> work, TextWriter error, string? id = null, string? files = null)
    {
        try
        {
            using var models = Open(id, files);
            return await work(models);
        }
        catch (OptionsValidationException wrong)
        {
            foreach (var failure in wrong.Failures) await error.WriteLineAsync(failure);
            return 1;
        }
    }

    private static LocalModels Open(string? id, string? files)
    {
        var builder = Host.CreateApplicationBuilder(new HostApplicationBuilderSettings { ContentRootPath = AppContext.BaseDirectory });
        // What the loader has to say is in its answer.
        builder.Logging.ClearProviders();
        if (files is not null) builder.Configuration[$"{ModelFilesSetting.Key}:{id}"] = files;
        builder.AddModels();
        return new LocalModels(builder.Build());
    }

    /// <summary>The models folder by the settings.</summary>
    public string Folder => ModelServices.FolderOf(host.Services.Value<ModelsOptions>().Path);

    /// <summary>The record that <c>/models</c> would show; refused models have their reason in it.</summary>
    public async Task<(Model Model, ModelFacts? Facts)> DescribeAsync(FoundModel found, CancellationToken cancellation)
    {
        try
        {
            await using var model = await loader.LoadAsync(found.Id, found.Path, cancellation);
            return (Model.From(new ModelEntry(found.Id, false, ModelStatus.Ready, null, model.Facts), BuiltInMethods.Registry), model.Facts);
        }
        catch (ModelRefusedException refusal)
        {
            return (Model.From(new ModelEntry(found.Id, false, ModelStatus.Refused, refusal.Message, null), BuiltInMethods.Registry), null);
        }
    }

    public void Dispose() => host.Dispose();

    /// <summary>Rows as columns of equal width.</summary>
    public static void WriteTable(TextWriter output, IReadOnlyList<string[]> rows)
    {
        var widths = Enumerable.Range(0, rows[0].Length).Select(column => rows.Max(row => row[column].Length)).ToArray();
        foreach (var row in rows) output.WriteLine(string.Join("  ", row.Select((cell, column) => cell.PadRight(widths[column]))).TrimEnd());
    }
}
