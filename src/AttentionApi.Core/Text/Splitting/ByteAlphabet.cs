using System.Text;

namespace AttentionApi.Core.Text.Splitting;

/// <summary>GPT-2's spelling of bytes by 256 printable characters (Radford et al. 2019, encoder.py), which byte-level vocabularies are written in.</summary>
internal static class ByteAlphabet
{
    private static readonly char[] Characters = new char[256];
    private static readonly Dictionary<char, byte> Bytes = [];

    static ByteAlphabet()
    {
        var unprintable = 0;
        for (var value = 0; value < 256; value++)
        {
            var printable = value is >= '!' and <= '~' or >= 0xA1 and <= 0xAC or >= 0xAE;
            Characters[value] = (char)(printable ? value : 256 + unprintable++);
            Bytes[Characters[value]] = (byte)value;
        }
    }

    public static string Spell(string text)
    {
        Span<byte> utf8 = text.Length <= 128 ? stackalloc byte[3 * text.Length] : new byte[3 * text.Length];
        utf8 = utf8[..Encoding.UTF8.GetBytes(text, utf8)];
        return string.Create(utf8.Length, utf8, static (spelled, bytes) =>
        {
            for (var i = 0; i < bytes.Length; i++) spelled[i] = Characters[bytes[i]];
        });
    }

    /// <summary>The text a token stands for; bytes that are only part of a character read U+FFFD. Text outside the alphabet is left as it is.</summary>
    public static string Read(string token)
    {
        var bytes = new byte[token.Length];
        for (var i = 0; i < token.Length; i++)
        {
            if (!Bytes.TryGetValue(token[i], out bytes[i])) return token;
        }
        return Encoding.UTF8.GetString(bytes);
    }
}
