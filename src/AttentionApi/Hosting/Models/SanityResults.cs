using System.Text.Json;
using AttentionApi.Contracts;

namespace AttentionApi.Hosting.Models;

/// <summary>Results of <c>models check</c>, kept in the cache folder by the hash of the model's file, so that <c>/models</c> can show them.</summary>
/// <param name="folder">Null or empty: none are kept.</param>
internal sealed class SanityResults(string? folder)
{
    /// <summary>What a check found; null where the model was not checked.</summary>
    /// <param name="sha256">Of the model's file.</param>
    public IReadOnlyList<Sanity>? Find(string sha256)
    {
        if (PathOf(sha256) is not { } path || !File.Exists(path)) return null;
        try
        {
            return JsonSerializer.Deserialize(File.ReadAllBytes(path), ApiJson.Responses.IReadOnlyListSanity);
        }
        catch (Exception damaged) when (damaged is JsonException or IOException or UnauthorizedAccessException)
        {
            // The next check writes it anew.
            return null;
        }
    }

    /// <returns>False where there is no folder to keep it in.</returns>
    public bool TryKeep(string sha256, IReadOnlyList<Sanity> results)
    {
        if (PathOf(sha256) is not { } path) return false;
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllBytes(path, JsonSerializer.SerializeToUtf8Bytes(results, ApiJson.Responses.IReadOnlyListSanity));
        return true;
    }

    private string? PathOf(string sha256) => string.IsNullOrEmpty(folder) ? null : Path.Combine(folder, "checks", $"{sha256}.json");
}
