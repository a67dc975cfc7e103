using System.Text.Json.Serialization;
using System.Text.RegularExpressions;
using AttentionApi.Core.Parameters;

namespace AttentionApi.Cli.Hub;

/// <summary>A repository of the hub at a revision: OWNER/NAME[@revision].</summary>
internal sealed partial record HubModel(string Owner, string Name, string Revision)
{
    public string Repository => $"{Owner}/{Name}";

    /// <exception cref="HubException">It is not written so.</exception>
    public static HubModel Parse(string text)
    {
        var match = Pattern().Match(text);
        if (!match.Success)
        {
            throw new HubException($"'{Words.Shown(text)}' is not a model of the hub; write OWNER/NAME or OWNER/NAME@revision, "
                + "as in Xenova/vit-base-patch16-224.");
        }
        var revision = match.Groups["revision"] is { Success: true, Value: var given } ? given : "main";
        return new(match.Groups["owner"].Value, match.Groups["name"].Value, revision);
    }

    /// <summary>Names are what a folder's may be, and begin with no point. The address of the model's page, as a browser shows it, is taken too.</summary>
    [GeneratedRegex(@"^(?:https://(?:huggingface\.co|hf\.co)/)?(?<owner>[A-Za-z0-9_-][A-Za-z0-9._-]*)/(?<name>[A-Za-z0-9_-][A-Za-z0-9._-]*)"
        + @"(?:(?:@|/tree/)(?<revision>[A-Za-z0-9_-][A-Za-z0-9._/-]*?))?/?\z")]
    private static partial Regex Pattern();
}

/// <summary>One file of the hub's list.</summary>
/// <param name="Path">Inside of the repository.</param>
/// <param name="Size">In bytes.</param>
/// <param name="Hash">What its content must have.</param>
internal sealed record HubFile(string Path, long Size, ContentHash Hash);

/// <summary>A file's hash as the hub states it.</summary>
/// <param name="Hex">Lower case.</param>
/// <param name="IsGitBlob">True: SHA-1 of git's blob, for small files; false: SHA-256, for those in large-file storage.</param>
internal sealed record ContentHash(string Hex, bool IsGitBlob)
{
    public string Name => IsGitBlob ? "git hash" : "SHA-256";
}

/// <summary>An entry of the hub's tree, as its API answers it.</summary>
internal sealed record TreeEntry(string? Type, string? Path, long Size, string? Oid, TreeEntryLfs? Lfs);

/// <summary>What large-file storage knows of an entry.</summary>
internal sealed record TreeEntryLfs(string? Oid, long Size);

/// <summary>What is asked of a revision: its commit.</summary>
internal sealed record RevisionInfo(string? Sha);

/// <summary>Where a model's folder came from; written beside its files, so that another owner's model of the same name is not mistaken for it.</summary>
/// <param name="Repository">OWNER/NAME.</param>
/// <param name="Revision">As asked for.</param>
/// <param name="Commit">What it was.</param>
/// <param name="Precision">As asked for; null: the folder's plain files.</param>
/// <param name="Files">Each with its hash.</param>
internal sealed record PulledModel(string Repository, string Revision, string Commit, string? Precision, IReadOnlyDictionary<string, string> Files)
{
    /// <summary>Hidden: it is no file of the model.</summary>
    public const string FileName = ".pulled.json";
}

[JsonSourceGenerationOptions(System.Text.Json.JsonSerializerDefaults.Web, WriteIndented = true)]
[JsonSerializable(typeof(IReadOnlyList<TreeEntry>))]
[JsonSerializable(typeof(RevisionInfo))]
[JsonSerializable(typeof(PulledModel))]
[JsonSerializable(typeof(RealModels))]
internal sealed partial class HubJson : JsonSerializerContext;
