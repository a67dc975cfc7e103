using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;

namespace AttentionApi.Core.Bundle;

/// <summary>
/// An array as NumPy's own file (numpy.lib.format, version 1.0): a magic word, the header as a Python literal padded to 64 bytes, then the numbers as
/// little-endian float32.
/// </summary>
internal static class NpyFile
{
    private const int Alignment = 64;
    private const int Preamble = 10;

    /// <param name="values">Row-major.</param>
    /// <param name="shape">Its sizes.</param>
    public static byte[] Of(float[] values, params ReadOnlySpan<int> shape)
    {
        var sizes = string.Join(", ", shape.ToArray()) + (shape.Length == 1 ? "," : "");
        var header = $"{{'descr': '<f4', 'fortran_order': False, 'shape': ({sizes}), }}";
        var length = (Preamble + header.Length + 1 + Alignment - 1) / Alignment * Alignment;
        var file = new byte[length + sizeof(float) * values.Length];
        "NUMPY"u8.CopyTo(file.AsSpan(1));
        (file[0], file[6], file[7]) = (0x93, 1, 0);
        BinaryPrimitives.WriteUInt16LittleEndian(file.AsSpan(8), (ushort)(length - Preamble));
        Encoding.ASCII.GetBytes(header.PadRight(length - Preamble - 1) + "\n", file.AsSpan(Preamble));
        MemoryMarshal.AsBytes(values.AsSpan()).CopyTo(file.AsSpan(length));
        return file;
    }

    /// <summary>The numbers of a file that <see cref="Of"/> wrote.</summary>
    /// <exception cref="InvalidDataException">It is none.</exception>
    public static float[] Read(ReadOnlySpan<byte> file)
    {
        if (file.Length < Preamble || file[0] != 0x93 || !file[1..6].SequenceEqual("NUMPY"u8)
            || file[6] != 1) throw new InvalidDataException("It is no NumPy file of version 1.");
        var start = Preamble + BinaryPrimitives.ReadUInt16LittleEndian(file[8..]);
        if (start > file.Length || !Encoding.ASCII.GetString(file[Preamble..start]).Contains("'<f4'",
            StringComparison.Ordinal)) throw new InvalidDataException("It holds no float32.");
        return MemoryMarshal.Cast<byte, float>(file[start..]).ToArray();
    }
}
