using System.Buffers.Binary;
using System.Text;
using AttentionApi.Core.Imaging;
using AttentionApi.Core.Rendering.Painting;
using NetVips;

namespace AttentionApi.Core.Rendering.Formats;

/// <summary>
/// Writes animated WebP: frames encoded in parallel as pictures of their own, put into one file (WebP Container Specification, "Animation").
/// libvips' own writer merges equal frames and works on one core.
/// </summary>
internal static class AnimatedWebP
{
    private const int AnimationFlag = 0x02, XmpFlag = 0x04;
    /// <summary>"RIFF", size, "WEBP": the bytes before the first chunk.</summary>
    private const int RiffHeader = 12;
    private const byte NoBlending = 0x02;

    /// <param name="frames">What to write.</param>
    /// <param name="delay">Milliseconds a frame.</param>
    /// <param name="loop">How often the whole is played; 0 = for ever.</param>
    /// <param name="metadata">Carried as XMP.</param>
    /// <exception cref="PictureTooLargeException">More pixels a side than the format holds.</exception>
    public static byte[] Write(FrameSequence frames, int delay, int loop, PictureMetadata? metadata)
    {
        ImageEncoder.ThrowIfTooLargeForWebP(frames.Width, frames.Height);
        var encoded = new byte[frames.Count][];
        frames.ForEach((frame, canvas) => encoded[frame] = Encode(canvas));

        var file = new MemoryStream(1024 + encoded.Sum(frame => frame.Length + 32));
        file.Write("RIFF\0\0\0\0WEBP"u8);
        var flags = metadata is null ? AnimationFlag : AnimationFlag | XmpFlag;
        WriteChunk(file, "VP8X", [(byte)flags, 0, 0, 0, .. UInt24(frames.Width - 1), .. UInt24(frames.Height - 1)]);
        WriteChunk(file, "ANIM", [255, 255, 255, 255, (byte)loop, (byte)(loop >> 8)]);
        byte[] frameHeader = [.. UInt24(0), .. UInt24(0), .. UInt24(frames.Width - 1), .. UInt24(frames.Height - 1), .. UInt24(delay), NoBlending];
        foreach (var picture in encoded) WriteChunk(file, "ANMF", frameHeader, picture.AsSpan(RiffHeader));
        if (metadata is not null) WriteChunk(file, "XMP ", metadata.ToXmp());
        var bytes = file.ToArray();
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(4), bytes.Length - 8);
        return bytes;
    }

    private static byte[] Encode(Raster canvas)
    {
        using var image = Image.NewFromMemory(canvas.Rgb, canvas.Width, canvas.Height, 3, Enums.BandFormat.Uchar);
        return image.WebpsaveBuffer(q: ImageEncoder.WebPQuality, effort: ImageEncoder.WebPEffort, keep: Enums.ForeignKeep.None);
    }

    private static void WriteChunk(MemoryStream file, string name, ReadOnlySpan<byte> first, ReadOnlySpan<byte> second = default)
    {
        Span<byte> header = stackalloc byte[8];
        Encoding.ASCII.GetBytes(name, header);
        var length = first.Length + second.Length;
        BinaryPrimitives.WriteInt32LittleEndian(header[4..], length);
        file.Write(header);
        file.Write(first);
        file.Write(second);
        if (length % 2 != 0) file.WriteByte(0);
    }

    private static byte[] UInt24(int value) => [(byte)value, (byte)(value >> 8), (byte)(value >> 16)];
}
