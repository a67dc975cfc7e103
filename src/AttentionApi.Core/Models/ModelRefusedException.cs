namespace AttentionApi.Core.Models;

/// <summary>
/// A model folder or file cannot be used. <see cref="Exception.Message"/> is one clear sentence for people: what is missing,
/// contradictory or unsupported, naming the file.
/// </summary>
public sealed class ModelRefusedException : Exception
{
    public ModelRefusedException(string reason) : base(reason) { }
    public ModelRefusedException(string reason, Exception? inner) : base(reason, inner) { }

    /// <summary>True where the same files may be usable later: memory, a GPU or a disk was missing, or another program held a file.</summary>
    public bool MayPass { get; init; }

    /// <summary>The id of the model whose files have to be chosen, or chosen otherwise; null where another thing is wrong. How files are chosen is up to the
    /// program.</summary>
    internal string? ChooseFilesOf { get; init; }

    /// <summary>The same refusal for a further caller.</summary>
    internal ModelRefusedException Again() => new(Message, this) { MayPass = MayPass, ChooseFilesOf = ChooseFilesOf };
}
