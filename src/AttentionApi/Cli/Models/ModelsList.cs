using System.CommandLine;
using System.Text.Json;
using AttentionApi.Cli.Terminal;
using AttentionApi.Contracts;
using AttentionApi.Core.Catalog;

namespace AttentionApi.Cli.Models;

/// <summary><c>models list</c>: every model of the models folder, loaded once to see what it is.</summary>
internal static class ModelsList
{
    public static Command Command()
    {
        var path = new Option<string?>("--path") { Description =
            "The models folder; default: Models:Path, else 'models' beside the program, else up the tree." };
        var json = new Option<bool>("--json") { Description = "Print what GET /api/v1/models would." };
        var command = new Command("list", "List the models of the models folder, with the reason for each that is refused.") { path, json };
        command.SetAction((parsed, cancellation) =>
        {
            var streams = parsed.InvocationConfiguration;
            return LocalModels.UseAsync(local => RunAsync(local, parsed.GetValue(path), parsed.GetValue(json), streams, cancellation), streams.Error);
        });
        return command;
    }

    private static async Task<int> RunAsync(LocalModels local, string? path, bool json, InvocationConfiguration streams, CancellationToken cancellation)
    {
        var folder = string.IsNullOrEmpty(path) ? local.Folder : Path.GetFullPath(path);
        if (!Directory.Exists(folder))
        {
            return await ExitCode.FailAsync(streams.Error, $"There is no folder {folder}: name the models folder with --path.");
        }
        var models = new List<Model>();
        foreach (var found in ModelsFolder.Scan(folder, streams.Error.WriteLine).Values)
            models.Add((await local.DescribeAsync(found, null, withGradients: false, cancellation)).Model);

        if (json) await streams.Output.WriteLineAsync(JsonSerializer.Serialize(new ModelList(models), ApiJson.Responses.ModelList));
        else TextTable.Write(streams.Output, [["id", "status", "family", "layers", "heads", "grid", "labels", "precision", "reason"], .. models.Select(Row)]);
        return 0;
    }

    private static string[] Row(Model model) =>
    [
        model.Id, model.Status, model.Family ?? "", $"{model.Layers}", $"{model.Heads}", model.Grid is { } grid ? $"{grid.Rows}x{grid.Columns}" : "",
        model.Text == true ? "free text" : model.Classes is { } classes ? $"{classes} classes" : "", model.Precision ?? "", model.Reason ?? "",
    ];
}
