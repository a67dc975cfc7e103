using System.CommandLine;
using System.Text.Json;
using AttentionApi.Cli.Terminal;
using AttentionApi.Contracts;
using AttentionApi.Core.Catalog;
using AttentionApi.Core.Loading;

namespace AttentionApi.Cli.Models;

/// <summary><c>models inspect PATH</c>: what is found in a model folder or .onnx file, or why it cannot be explained.</summary>
internal static class ModelsInspect
{
    public static Command Command()
    {
        var path = new Argument<string>("PATH") { Description = "A model folder or an .onnx file." };
        var files = new Option<string?>("--files") { Description =
            "The .onnx file to take, or vision and text tower separated by a comma, as Models:Files has it." };
        var json = new Option<bool>("--json") { Description = "Print the record of /models." };
        var command = new Command("inspect", "Say what is found in a model folder or .onnx file, as the server would load it, and try its gradients.")
        {
            path, files, json,
        };
        command.SetAction((parsed, cancellation) => RunAsync(
            parsed.GetValue(path)!, parsed.GetValue(files), parsed.GetValue(json), parsed.InvocationConfiguration, cancellation));
        return command;
    }

    private static Task<int> RunAsync(string path, string? files, bool json, InvocationConfiguration streams, CancellationToken cancellation)
    {
        path = Path.TrimEndingDirectorySeparator(Path.GetFullPath(path));
        return LocalModels.UseAsync(models => PrintAsync(models, models.Find(path), files, json, streams.Output, cancellation), streams.Error);
    }

    private static async Task<int> PrintAsync(LocalModels models, FoundModel found, string? files, bool json, TextWriter output, CancellationToken cancellation)
    {
        var (model, facts) = await models.DescribeAsync(found, files, withGradients: true, cancellation);
        if (json) await output.WriteLineAsync(JsonSerializer.Serialize(model, ApiJson.Responses.Model));
        else if (facts is null) await output.WriteLineAsync($"{model.Id} is refused: {model.Reason}");
        else TextTable.Write(output, [.. Report(model, facts)]);
        return facts is null ? 1 : 0;
    }

    private static IEnumerable<string[]> Report(Model model, ModelFacts facts)
    {
        yield return ["model", model.Id];
        yield return ["family", facts.Family];
        yield return ["attention sites", $"{facts.Sites.Vision} vision, {facts.Sites.Text} text, {facts.Sites.Other} other"];
        yield return ["layers x heads", $"{facts.Layers} x {facts.Heads}"];
        yield return ["tokens", $"{facts.Tokens.Count} = {facts.Tokens.PrefixTokens} prefix + {facts.Tokens.Grid.Rows} x {facts.Tokens.Grid.Columns} patches "
            + $"+ {facts.Tokens.SuffixTokens} suffix{(facts.Tokens.HasCls ? ", CLS first" : ", no CLS")}"];
        yield return ["input", $"{facts.ImageSize} pixels, patches of {facts.PatchSize}"];
        yield return ["pictures", facts.Preparation];
        if (facts.Resolutions is { } sizes) yield return ["resolutions", $"{sizes.Minimum} to {sizes.Maximum} pixels a side, in steps of {sizes.Step}"];
        yield return ["labels", facts.Text ? "free text" : facts.ClassNames is { } classes ? $"{classes.Count} classes" : $"none: {facts.TextMissing}"];
        yield return ["scores", model.Scores!];
        if (facts.LogitScale is { } scale) yield return ["logit scale", $"{scale.Value:0.###} ({scale.Source})"];
        if (facts.LogitBias is { } bias) yield return ["logit bias", $"{bias.Value:0.###} ({bias.Source})"];
        yield return ["methods", string.Join(", ", model.Methods)];
        foreach (var missing in model.Unavailable) yield return [$"no {missing.Method}", missing.Reason];
        yield return ["precision", facts.Precision];
        yield return ["sha-256", facts.Sha256];
        foreach (var warning in model.Warnings) yield return ["warning", warning];
    }
}
