using AttentionApi.Cli.Terminal;
using AttentionApi.Core.Analysis;
using AttentionApi.Hosting.Limits;

namespace AttentionApi.Cli.Explaining;

/// <summary>What is given to a command that makes files of pictures.</summary>
/// <param name="Inputs">Pictures and folders, or "-".</param>
/// <param name="Out">A folder, "-", or null.</param>
/// <param name="Model">Id or path.</param>
/// <param name="Reference">A file, or null.</param>
/// <param name="Watch">Whether to go on.</param>
/// <param name="Parameters">As given.</param>
internal sealed record PictureCall(
    string[] Inputs, string? Out, string? Model, string? Reference, bool Watch,
    IReadOnlyList<(string Name, IReadOnlyList<string> Texts)> Parameters)
{
    /// <summary>Standard input or output in place of a file.</summary>
    private const string Pipe = "-";

    public bool ToPipe => Out == Pipe || (Out is null && Inputs is [Pipe]);

    /// <summary>Why the kinds of files cannot go where they should; null where they can.</summary>
    public string? Wrong(IReadOnlyList<SavedKind> wanted) => ToPipe ? WrongPipe(wanted) : WrongFolder();

    /// <exception cref="IOException">The file cannot be read.</exception>
    public async Task<Picture?> ReferenceAsync(LimitsOptions limits, CancellationToken cancellation) =>
        Reference is null ? null : new Picture(await File.ReadAllBytesAsync(Reference, cancellation), limits.Pictures);

    /// <summary>Makes the files of all pictures.</summary>
    /// <returns>The exit code.</returns>
    public Task<int> RunAsync(PictureWork work, TextWriter error, CancellationToken cancellation) =>
        ToPipe ? ToPipeAsync(work, error, cancellation) : ToFolderAsync(work, error, cancellation);

    private async Task<int> ToFolderAsync(PictureWork work, TextWriter error, CancellationToken cancellation)
    {
        var sources = new PictureSources(Inputs, Out!);
        var pictures = sources.Look();
        if (pictures.Count == 0 && !Watch)
        {
            return await ExitCode.FailAsync(error, $"No picture (.jpg, .jpeg, .png or .webp) in {string.Join(", ", Inputs)}.");
        }
        using var results = new ResultFolder(Out!);
        var run = new ExplainRun(work, results, error, !Console.IsErrorRedirected);
        try
        {
            if (Watch) await run.WatchAsync(sources, pictures, cancellation);
            else await run.ExplainAsync(pictures, cancellation);
        }
        catch (OperationCanceledException) when (Watch && cancellation.IsCancellationRequested)
        {
            // That is how watching ends.
        }
        if (run.Skipped == 0) return 0;
        var summary = Path.Combine(Out!, ResultFolder.Summary);
        await error.WriteLineAsync($"{run.Skipped} {(run.Skipped == 1 ? "picture was" : "pictures were")} skipped; {summary} says why.");
        return run.Explained > 0 ? ExitCode.SomeSkipped : ExitCode.Failed;
    }

    private async Task<int> ToPipeAsync(PictureWork work, TextWriter error, CancellationToken cancellation)
    {
        var picture = Inputs[0] == Pipe ? await StandardInputAsync(cancellation) : await File.ReadAllBytesAsync(Inputs[0], cancellation);
        var bar = new Progress(error, !Console.IsErrorRedirected);
        var progress = new PictureProgress(bar, 1, work.RunsEach);
        ExplainedFiles explained;
        try
        {
            explained = await progress.WhileAsync(runs => work.ExplainAsync(picture, runs, cancellation));
        }
        finally
        {
            bar.End();
        }
        await using var output = Console.OpenStandardOutput();
        await explained.Files[0].Made.WriteAsync(output, cancellation);
        return 0;
    }

    private static async Task<byte[]> StandardInputAsync(CancellationToken cancellation)
    {
        await using var input = Console.OpenStandardInput();
        var bytes = new MemoryStream();
        await input.CopyToAsync(bytes, cancellation);
        return bytes.ToArray();
    }

    private string? WrongPipe(IReadOnlyList<SavedKind> wanted) =>
        Inputs is not [var only] || Directory.Exists(only) ? "Standard output takes one picture; name a folder with --out for more."
        : only != Pipe && !File.Exists(only) ? $"There is no picture '{only}'."
        : Watch ? "--watch writes to a folder; name one with --out."
        : wanted is not [var one] ? $"Standard output takes one kind of file; --save names {wanted.Count}."
        : !one.Text && !Console.IsOutputRedirected ? "Standard output is a terminal; redirect it to a file or program, or name a folder with --out."
        : null;

    private string? WrongFolder() =>
        Out is null ? "Say where to write to: --out DIR."
        : Inputs.Contains(Pipe) ? "A picture from standard input goes to standard output; omit --out, or redirect the output to a file."
        : File.Exists(Out) ? $"--out names a file, '{Out}'; name a folder."
        : new PictureSources(Inputs, Out).Wrong;
}
