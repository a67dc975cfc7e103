using System.Text.Json;
using System.Text.Json.Serialization;
using AttentionApi.Core.Explain;

namespace AttentionApi.Contracts;

/// <summary>Series by name; each is a list of entries with a label (or null) and named numbers: one, a row, or rows.</summary>
[JsonConverter(typeof(SeriesByNameConverter))]
public sealed class SeriesByName
{
    internal SeriesByName(IReadOnlyList<Series> all) => All = all;

    /// <summary>In the method's order.</summary>
    internal IReadOnlyList<Series> All { get; }
}

internal sealed class SeriesByNameConverter : WrittenOnly<SeriesByName>
{
    public override void Write(Utf8JsonWriter writer, SeriesByName value, JsonSerializerOptions options)
    {
        writer.WriteStartObject();
        foreach (var series in value.All)
        {
            writer.WriteStartArray(series.Name);
            foreach (var entry in series.Entries) Write(writer, entry);
            writer.WriteEndArray();
        }
        writer.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter writer, SeriesEntry entry)
    {
        writer.WriteStartObject();
        writer.WriteString("label", entry.Label);
        foreach (var (name, numbers) in entry.Parts)
        {
            writer.WritePropertyName(name);
            NumberArrays.Write(writer, numbers.Values, [.. numbers.Shape]);
        }
        writer.WriteEndObject();
    }
}
