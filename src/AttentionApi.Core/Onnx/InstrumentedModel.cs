using System.Security.Cryptography;
using System.Text;
using AttentionApi.Core.Models;
using AttentionApi.Core.Onnx.Graph;

namespace AttentionApi.Core.Onnx;

/// <summary>
/// The model that a session is made from: unchanged parts of the original file, with our own bytes between and after them. Holds no weights; they are copied
/// from the file when the model is written.
/// </summary>
internal sealed class InstrumentedModel
{
    private readonly List<(byte[]? Bytes, ByteRange Range)> parts = [];

    internal InstrumentedModel(OnnxFile file)
    {
        SourcePath = file.Path;
        SourceSha256 = file.Sha256;
        Edits = file.Edits;
        ExternalData = [.. file.Initializers.Values.Select(tensor => tensor.ExternalLocation).OfType<string>().Distinct()];
        ExternalDataFolder = ExternalData.Count > 0 ? file.Folder : null;
    }

    public string SourcePath { get; }

    /// <summary>Of the original file, lower-case hexadecimal.</summary>
    public string SourceSha256 { get; }

    /// <summary>What was exchanged in the original before this model was made of it.</summary>
    internal IReadOnlyList<GraphEdit> Edits { get; }

    /// <summary>Where weights outside the model file lie; null where all are inside.</summary>
    public string? ExternalDataFolder { get; }

    /// <summary>The files with these weights, relative to <see cref="ExternalDataFolder"/>.</summary>
    public IReadOnlyList<string> ExternalData { get; }

    /// <summary>Bytes of the model, external weights excluded.</summary>
    public long Length { get; private set; }

    /// <summary>Identifies the content: equal for the same original with the same additions. Lower-case hexadecimal.</summary>
    public string Key
    {
        get
        {
            using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            hash.AppendData(Convert.FromHexString(SourceSha256));
            foreach (var (bytes, range) in parts) hash.AppendData(bytes ?? Encoding.ASCII.GetBytes($"{range.Offset}+{range.Length}"));
            return Convert.ToHexStringLower(hash.GetHashAndReset());
        }
    }

    internal void Add(byte[] bytes)
    {
        parts.Add((bytes, default));
        Length += bytes.Length;
    }

    internal void Add(ByteRange range)
    {
        Length += range.Length;
        if (parts.Count > 0 && parts[^1] is (null, var last) && last.End == range.Offset) parts[^1] = (null, last with { Length = last.Length + range.Length });
        else parts.Add((null, range));
    }

    /// <exception cref="ModelRefusedException">The original file has gone or shrunk since it was read.</exception>
    /// <exception cref="IOException"><paramref name="target"/> cannot be written.</exception>
    public void CopyTo(Stream target)
    {
        using var source = OpenSource();
        var buffer = new byte[256 * 1024];
        foreach (var (bytes, range) in parts)
        {
            if (bytes is not null)
            {
                target.Write(bytes);
                continue;
            }
            source.Position = range.Offset;
            for (var left = range.Length; left > 0;)
            {
                var count = source.Read(buffer, 0, (int)Math.Min(left, buffer.Length));
                if (count == 0) throw Changed(null);
                target.Write(buffer, 0, count);
                left -= count;
            }
        }
    }

    private Stream OpenSource()
    {
        try
        {
            return ModelFiles.OpenRead(SourcePath);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw Changed(failure);
        }
    }

    private ModelRefusedException Changed(Exception? cause) => new(
        $"{Path.GetFileName(SourcePath)} was removed or changed while it was being loaded; put the whole file in place, and it is loaded again.", cause)
    {
        MayPass = true,
    };

    /// <summary>The whole model in memory.</summary>
    /// <exception cref="ModelRefusedException">The original file has gone or shrunk since it was read.</exception>
    public byte[] ToArray()
    {
        var bytes = new byte[Length];
        using var target = new MemoryStream(bytes);
        CopyTo(target);
        return bytes;
    }
}
