using AttentionApi.Core.Models;
using Microsoft.Extensions.Logging;

namespace AttentionApi.Core.Catalog;

/// <summary>
/// Looks at the models folder from time to time. A model that appears while serving is complete once two looks in a row find it unchanged, because it may still
/// be being copied.
/// </summary>
internal sealed class FolderLooks(string folder, ILogger log)
{
    private Dictionary<string, long> seenBefore = [];

    /// <returns>The models by id; null where the folder cannot be read now.</returns>
    /// <exception cref="ModelRefusedException">The folder cannot be read at the start.</exception>
    public IReadOnlyDictionary<string, FoundModel>? Scan(bool atStart)
    {
        try
        {
            return ModelsFolder.Scan(folder, atStart ? reason => log.LogWarning("In the models folder, {Reason}", reason) : null);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            if (atStart) throw new ModelRefusedException($"The models folder '{folder}' cannot be read", failure);
            log.LogWarning("The models folder cannot be read ({Failure}); the models known so far remain available", failure.GetType().Name);
            return null;
        }
    }

    public bool IsComplete(FoundModel model) => seenBefore.TryGetValue(model.Id, out var stamp) && stamp == model.Stamp;

    /// <summary>Keeps what was seen, for the next look.</summary>
    public void Remember(IEnumerable<FoundModel> found) => seenBefore = found.ToDictionary(model => model.Id, model => model.Stamp);
}
