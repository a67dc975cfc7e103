using System.Net;
using System.Security.Cryptography;
using System.Text;

namespace AttentionApi.Cli.Hub;

/// <summary>Fetches one file into a folder: goes on where it was cut off, and takes it only with the size and hash that the hub states.</summary>
internal sealed class FileDownload(HubClient hub, HubModel model, string commit, string folder, Action<long> received)
{
    private const string Unfinished = ".part";
    private const int MostInterruptions = 5;

    /// <summary>A connection that brings nothing for so long is taken as cut.</summary>
    private static readonly TimeSpan Silence = TimeSpan.FromSeconds(60);

    private readonly byte[] buffer = new byte[128 * 1024];

    /// <summary>Bytes of a file that are here already.</summary>
    public static long Present(string folder, HubFile file) =>
        File.Exists(PathOf(folder, file)) ? Length(PathOf(folder, file)) : Length(PathOf(folder, file) + Unfinished);

    /// <exception cref="HubException">The hub refuses, or its bytes are not those that it states.</exception>
    public async Task FetchAsync(HubFile file, CancellationToken cancellation)
    {
        var path = PathOf(folder, file);
        if (File.Exists(path)) return;
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        var part = path + Unfinished;
        for (var attempt = 0; ; attempt++)
        {
            var resumed = File.Exists(part);
            await ReceiveAllAsync(file, part, cancellation);
            var wrong = await WrongAsync(file, part, cancellation);
            if (wrong is null) break;
            received(-new FileInfo(part).Length);
            File.Delete(part);
            // What was begun before may have been of another time; a second wrong answer is the hub's.
            if (!resumed || attempt > 0) throw new HubException(wrong);
        }
        File.Move(part, path);
    }

    private async Task ReceiveAllAsync(HubFile file, string part, CancellationToken cancellation)
    {
        for (var interruptions = 0; Length(part) < file.Size || !File.Exists(part);)
        {
            var before = Length(part);
            try
            {
                await ReceiveAsync(file, part, cancellation);
                if (Length(part) < file.Size) throw new IOException("The connection ended early.");
            }
            catch (Exception cut) when (cut is IOException or HttpRequestException or TimeoutException && !cancellation.IsCancellationRequested)
            {
                interruptions = Length(part) > before ? 1 : interruptions + 1;
                if (interruptions >= MostInterruptions) throw Unreachable(cut);
                await Task.Delay(TimeSpan.FromMilliseconds(200 << interruptions), cancellation);
            }
        }
    }

    private static HubException Unreachable(Exception cut) =>
        new($"The download was cut off {MostInterruptions} times ({cut.Message.TrimEnd('.')}); the data so far is kept: run the command "
            + "again to resume.", cut);

    private async Task ReceiveAsync(HubFile file, string part, CancellationToken cancellation)
    {
        using var response = await hub.OpenAsync(model, commit, file, Length(part), cancellation);
        var elsewhere = response.StatusCode == HttpStatusCode.PartialContent && response.Content.Headers.ContentRange?.From != Length(part);
        if (elsewhere || response.StatusCode == HttpStatusCode.RequestedRangeNotSatisfiable)
        {
            Restart(part);
            return;
        }
        if (response.StatusCode == HttpStatusCode.OK) Restart(part);
        await using var source = await response.Content.ReadAsStreamAsync(cancellation);
        await using var target = new FileStream(part, FileMode.Append);
        while (true)
        {
            using var silence = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
            silence.CancelAfter(Silence);
            int count;
            try
            {
                count = await source.ReadAsync(buffer, silence.Token);
            }
            catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
            {
                throw new TimeoutException($"No data for {Silence.TotalSeconds:0} seconds.");
            }
            if (count == 0) return;
            // More than was announced fills no disk: the hash will not be right anyway.
            if (target.Length + count > file.Size) throw new HubException($"{file.Path} has more than the {file.Size} bytes that the hub states.");
            await target.WriteAsync(buffer.AsMemory(0, count), cancellation);
            received(count);
        }
    }

    private void Restart(string part)
    {
        received(-Length(part));
        File.Delete(part);
    }

    /// <summary>What is wrong with a file's content; null where nothing is.</summary>
    private static async Task<string?> WrongAsync(HubFile file, string path, CancellationToken cancellation)
    {
        if (Length(path) != file.Size) return $"{file.Path} has {Length(path)} bytes instead of the {file.Size} that the hub states.";
        using var hash = IncrementalHash.CreateHash(file.Hash.IsGitBlob ? HashAlgorithmName.SHA1 : HashAlgorithmName.SHA256);
        // git hashes a blob with its kind and length before it.
        if (file.Hash.IsGitBlob) hash.AppendData(Encoding.ASCII.GetBytes($"blob {file.Size}\0"));
        await using var content = File.OpenRead(path);
        var piece = new byte[128 * 1024];
        for (int count; (count = await content.ReadAsync(piece, cancellation)) > 0;) hash.AppendData(piece.AsSpan(0, count));
        return Convert.ToHexStringLower(hash.GetHashAndReset()) == file.Hash.Hex ? null
            : $"{file.Path} has another {file.Hash.Name} than the hub states; it was deleted. Try again, or check HF_ENDPOINT and the proxy.";
    }

    private static string PathOf(string folder, HubFile file) => Path.Combine(folder, file.Path.Replace('/', Path.DirectorySeparatorChar));

    private static long Length(string path) => new FileInfo(path) is { Exists: true } file ? file.Length : 0;
}
