namespace AttentionApi.Cli.Explaining;

/// <summary>A kind of file that a command writes of each picture.</summary>
/// <param name="Name">The word in <c>--save</c>.</param>
/// <param name="Text">True where a terminal can show it.</param>
internal abstract record SavedKind(string Name, bool Text);

/// <summary>A file that was made and not yet written.</summary>
/// <param name="WriteAsync">Writes it.</param>
/// <param name="Warnings">What a careful reader must know.</param>
/// <param name="Overlay">The bytes of a single picture, for the contact sheet; else null.</param>
internal sealed record MadeFile(Func<Stream, CancellationToken, Task> WriteAsync, IReadOnlyList<string> Warnings, byte[]? Overlay = null);
