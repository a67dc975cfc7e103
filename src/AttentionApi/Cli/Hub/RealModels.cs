using System.Text.Json;

namespace AttentionApi.Cli.Hub;

/// <summary>Models of the hub whose exporter and family are in the tests; the page shows the same list.</summary>
internal sealed record RealModels(IReadOnlyList<RealModel> Models)
{
    /// <summary>The list that lies beside the page.</summary>
    public static RealModels Read() =>
        JsonSerializer.Deserialize(File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "wwwroot", "real-models.json")), HubJson.Default.RealModels)!;
}

/// <param name="Repository">OWNER/NAME.</param>
/// <param name="Kind">What it is, in words.</param>
/// <param name="Licence">As its card, or that of the model it was made from, states it.</param>
/// <param name="Megabytes">What <c>models pull</c> fetches, by precision, rounded.</param>
internal sealed record RealModel(string Repository, string Kind, string Licence, IReadOnlyDictionary<string, double> Megabytes);
