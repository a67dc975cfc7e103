using System.Globalization;
using System.Text;
using System.Xml.Linq;

namespace AttentionApi.Core.Rendering.Formats;

/// <summary>Text that a picture carries, so that it can be made again later.</summary>
/// <param name="Parameters">Every effective parameter, as JSON.</param>
/// <param name="Model">The model's id.</param>
/// <param name="ModelSha256">Of the model's file, lower-case hexadecimal.</param>
internal sealed record PictureMetadata(string Parameters, string Model, string ModelSha256)
{
    private static readonly XNamespace Packet = "adobe:ns:meta/";
    private static readonly XNamespace Rdf = "http://www.w3.org/1999/02/22-rdf-syntax-ns#";
    private static readonly XNamespace Own = "urn:attention-api:1#";

    /// <summary>Key and text. Text is ASCII: PNG's plain text chunks are Latin-1, and JSON can escape all other characters.</summary>
    internal IReadOnlyList<(string Key, string Text)> Entries =>
        [("parameters", Ascii(Parameters)), ("model", Ascii(Model)), ("modelSha256", Ascii(ModelSha256))];

    /// <summary>One line an entry.</summary>
    internal string ToComment() => string.Join('\n', Entries.Select(entry => $"{entry.Key}: {entry.Text}"));

    /// <summary>An XMP packet with one property an entry.</summary>
    internal byte[] ToXmp()
    {
        var description = new XElement(Rdf + "Description", new XAttribute(Rdf + "about", ""), Prefix("attention", Own),
            Entries.Select(entry => new XElement(Own + entry.Key, entry.Text)));
        var packet = new XElement(Packet + "xmpmeta", Prefix("x", Packet), new XElement(Rdf + "RDF", Prefix("rdf", Rdf), description));
        var xml = packet.ToString(SaveOptions.DisableFormatting);
        return Encoding.UTF8.GetBytes($"<?xpacket begin=\"\uFEFF\" id=\"W5M0MpCehiHzreSzNTczkc9d\"?>{xml}<?xpacket end=\"r\"?>");

        static XAttribute Prefix(string name, XNamespace space) => new(XNamespace.Xmlns + name, space.NamespaceName);
    }

    private static string Ascii(string text)
    {
        var ascii = new StringBuilder(text.Length);
        foreach (var character in text)
        {
            if (character is >= ' ' and <= '~') ascii.Append(character);
            else ascii.Append(CultureInfo.InvariantCulture, $"\\u{(int)character:x4}");
        }
        return ascii.ToString();
    }
}
