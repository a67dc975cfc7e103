namespace AttentionApi.Core.Models;

/// <summary>
/// A model folder or file cannot be used. <see cref="Exception.Message"/> is one clear sentence for people: what is missing,
/// contradictory or unsupported, naming the file. It is shown in the log, in <c>/models</c> and in a 400 on the parameter <c>model</c>.
/// </summary>
public sealed class ModelRefusedException : Exception
{
    public ModelRefusedException(string reason) : base(reason) { }
    public ModelRefusedException(string reason, Exception? inner) : base(reason, inner) { }

    /// <summary>True where the same files may be usable later: the machine lacked something, or a file was in the way of another program.</summary>
    public bool MayPass { get; init; }
}
