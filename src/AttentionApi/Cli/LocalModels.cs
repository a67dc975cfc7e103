using AttentionApi.Contracts;
using AttentionApi.Core.Catalog;
using AttentionApi.Core.Explain.Methods;
using AttentionApi.Core.Loading;
using AttentionApi.Core.Models;
using AttentionApi.Core.Runtime;

namespace AttentionApi.Cli;

/// <summary>Models loaded for a look at them: on the CPU, without cache files.</summary>
internal static class LocalModels
{
    /// <summary>The record that <c>/models</c> would show; refused models have their reason in it.</summary>
    public static async Task<(Model Model, ModelFacts? Facts)> DescribeAsync(FoundModel found, CancellationToken cancellation)
    {
        var factory = new SessionFactory(new InferenceOptions { ExecutionProvider = ExecutionProvider.Cpu });
        try
        {
            await using var model = await new ModelLoader(factory, new Dictionary<string, IReadOnlyList<string>>()).LoadAsync(found.Id, found.Path, cancellation);
            return (Model.From(new ModelEntry(found.Id, false, ModelStatus.Ready, null, model.Facts), BuiltInMethods.Registry), model.Facts);
        }
        catch (ModelRefusedException refusal)
        {
            return (Model.From(new ModelEntry(found.Id, false, ModelStatus.Refused, refusal.Message, null), BuiltInMethods.Registry), null);
        }
    }

    /// <summary>Rows as columns of equal width.</summary>
    public static void WriteTable(TextWriter output, IReadOnlyList<string[]> rows)
    {
        var widths = Enumerable.Range(0, rows[0].Length).Select(column => rows.Max(row => row[column].Length)).ToArray();
        foreach (var row in rows) output.WriteLine(string.Join("  ", row.Select((cell, column) => cell.PadRight(widths[column]))).TrimEnd());
    }
}
