using AttentionApi.Core.Loading;
using AttentionApi.Core.Models;

namespace AttentionApi.Core.Catalog;

/// <summary>A model of the catalogue and where it stands; the catalogue's lock guards it.</summary>
internal sealed class CatalogModel(FoundModel found, TimeProvider time)
{
    private static readonly TimeSpan TryAgainAfter = TimeSpan.FromSeconds(10);

    private ModelRefusedException? refusal;
    private DateTimeOffset refusedUntil;

    public FoundModel Found { get; } = found;
    public ModelFacts? Facts { get; set; }

    /// <summary>Its load, under way or done; null: unloaded or refused.</summary>
    public ModelLoad? Load { get; set; }

    /// <summary>Callers that use it or wait for its load.</summary>
    public int Leases { get; set; }
    public long LastUsed { get; set; }

    /// <summary>Its files are gone or have changed.</summary>
    public bool Retired { get; set; }

    /// <summary>Why the model is not served; null where the next caller may load it.</summary>
    public ModelRefusedException? Refusal => time.GetUtcNow() < refusedUntil ? refusal : null;

    public bool IsReady => Load?.Loaded is not null;

    public bool IsIdle => IsReady && Leases == 0;

    private ModelStatus Status => Refusal is not null ? ModelStatus.Refused : IsReady ? ModelStatus.Ready : Load is null
        ? ModelStatus.Unloaded : ModelStatus.Loading;

    public ModelEntry Entry(string? defaultId) => new(Found.Id, Found.Id == defaultId, Status, Refusal?.Message, Facts)
        { ChooseFiles = Refusal?.ChooseFilesOf is not null };

    /// <summary>What callers are told of an unexpected failure. It may be temporary, such as a full disk, so loading is tried again.</summary>
    public ModelRefusedException Unexpected(Exception failure) => new(
        $"The model '{Found.Id}' could not be loaded ({failure.GetType().Name}); it is tried again in {TryAgainAfter.TotalSeconds:0} seconds, and the log "
            + "has the details.", failure) { MayPass = true };

    /// <summary>Refuses the model until its files change; where the reason may pass, for a while only.</summary>
    public void Refuse(ModelRefusedException reason)
    {
        refusal = reason;
        refusedUntil = reason.MayPass ? time.GetUtcNow() + TryAgainAfter : DateTimeOffset.MaxValue;
        Load = null;
    }
}

/// <summary>A load of a model, shared by all who wait for it.</summary>
internal sealed class ModelLoad : IDisposable
{
    private readonly CancellationTokenSource source = new();

    /// <summary>Ends with the model, or with the reason why there is none.</summary>
    public Task<LoadedModel> Ended { get; set; } = null!;

    /// <summary>The model, once it is the catalogue's.</summary>
    public LoadedModel? Loaded { get; set; }

    public CancellationToken Token => source.Token;

    /// <summary>Runs on another thread, because listeners may be slow.</summary>
    public void Cancel() => _ = source.CancelAsync();

    public void Dispose() => source.Dispose();
}
