using System.CommandLine;
using AttentionApi.Cli.Models;
using AttentionApi.Cli.Terminal;
using AttentionApi.Core.Models;
using AttentionApi.Core.Models.Folders;

namespace AttentionApi.Cli.Hub;

/// <summary><c>models pull OWNER/NAME[@revision]</c>: a model of the Hugging Face hub into the models folder.</summary>
internal static class ModelsPull
{
    public static Command Command()
    {
        var name = new Argument<string?>("OWNER/NAME[@REVISION]")
        {
            Description = "The model on the hub; without a revision its main branch.", Arity = ArgumentArity.ZeroOrOne,
        };
        var precision = Text("--precision", "WORD", "fp32, fp16, quantized, q4 …, as the model offers them. Default: fp32 where there is one.");
        var id = Text("--as", "ID", "The id it gets in the models folder. Default: NAME.");
        var models = Text("--models", "DIR", "The models folder. Default: Models:Path, else 'models' beside the program, else up the tree.");
        var list = new Option<bool>("--list") { Description = "List models that are known to work, with download sizes and licences." };
        var command = new Command("pull", "Fetch a model from the Hugging Face hub; HF_ENDPOINT, HF_TOKEN and HTTPS_PROXY are honoured. "
            + "An interrupted download is resumed.") { name, precision, id, models, list };
        command.SetAction((parsed, cancellation) =>
        {
            var streams = parsed.InvocationConfiguration;
            if (parsed.GetValue(list)) return List(streams.Output);
            if (parsed.GetValue(name) is not { } text)
                return ExitCode.FailAsync(streams.Error, "Name a model as OWNER/NAME; --list shows some that are known to work.");
            var (wanted, chosen) = (parsed.GetValue(precision), parsed.GetValue(id));
            return LocalModels.UseAsync(
                local => RunAsync(local, text, wanted, chosen, streams, cancellation), streams.Error, (LocalModels.PathKey, parsed.GetValue(models)));
        });
        return command;

        static Option<string?> Text(string name, string value, string description) => new(name) { HelpName = value, Description = description };
    }

    private static Task<int> List(TextWriter output)
    {
        var models = RealModels.Read().Models;
        string[] precisions = [.. models.SelectMany(model => model.Megabytes.Keys).Distinct()];
        TextTable.Write(output, [["model", .. precisions, "kind", "licence"], .. models.Select(model => (string[])
            [model.Repository, .. precisions.Select(one => Size(model, one)), model.Kind, model.Licence])]);
        return Task.FromResult(0);

        static string Size(RealModel model, string precision) => model.Megabytes.TryGetValue(precision, out var size) ? $"about {size:0} MB" : "";
    }

    private static async Task<int> RunAsync(
        LocalModels local, string text, string? precision, string? id, InvocationConfiguration streams, CancellationToken cancellation)
    {
        try
        {
            var model = HubModel.Parse(text);
            id ??= model.Name;
            if (!ModelFolder.IsId(id) || id.StartsWith('.'))
            {
                return await ExitCode.FailAsync(streams.Error, $"'{id}' cannot be a model's id: use letters, digits, '.', '_' and '-', and no leading dot.");
            }
            using var hub = new HubClient(HubSettings.Read(Environment.GetEnvironmentVariable));
            var pull = new Pull(hub, model, precision, new(local.Folder, id), streams.Error, !Console.IsErrorRedirected);
            var folder = await pull.RunAsync(cancellation);
            var (found, facts) = await local.DescribeAsync(local.Find(folder), null, withGradients: false, cancellation);
            if (facts is null) return await ExitCode.FailAsync(streams.Error, $"{id} is in {folder}, but is refused: {found.Reason}");
            await streams.Output.WriteLineAsync($"{id} is ready: {facts.Layers} layers, {facts.Heads} heads, {facts.Precision}, {folder}");
            return 0;
        }
        catch (Exception failure) when (failure is HubException or ModelRefusedException or IOException or UnauthorizedAccessException)
        {
            return await ExitCode.FailAsync(streams.Error, failure.Message);
        }
        catch (HttpRequestException unreachable)
        {
            var endpoint = HubSettings.Read(Environment.GetEnvironmentVariable).Endpoint;
            return await ExitCode.FailAsync(streams.Error, $"{endpoint.Authority} cannot be reached ({unreachable.Message.TrimEnd('.')}). Check the network, "
                + "the proxy (HTTPS_PROXY) and HF_ENDPOINT; or copy the model's files into the models folder by hand.");
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            await streams.Error.WriteLineAsync("Interrupted; downloaded data is kept, and the same command resumes.");
            return ExitCode.Interrupted;
        }
    }
}
