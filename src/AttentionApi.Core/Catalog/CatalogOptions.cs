using AttentionApi.Core.Loading;
using AttentionApi.Core.Models;

namespace AttentionApi.Core.Catalog;

/// <summary>Settings of the catalogue.</summary>
/// <param name="Folder">The models folder.</param>
/// <param name="Default">The id used where none is given; null: the preferred one, else the first.</param>
/// <param name="MaxLoaded">Models held at once, those included that are being loaded.</param>
/// <param name="Preferred">The default where there is such a model and no other was chosen.</param>
internal sealed record CatalogOptions(string Folder, string? Default, int MaxLoaded, string? Preferred = null);

/// <summary>Loads a model from its folder or file; throws <see cref="ModelRefusedException"/> with the reason where it cannot.</summary>
internal delegate Task<LoadedModel> LoadModel(FoundModel found, CancellationToken cancellation);
