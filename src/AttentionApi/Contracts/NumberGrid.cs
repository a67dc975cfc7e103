using System.Text.Json;
using System.Text.Json.Serialization;

namespace AttentionApi.Contracts;

/// <summary>A matrix of numbers, written as an array of rows straight from the flat array.</summary>
/// <param name="Values">Row-major.</param>
/// <param name="Columns">Length of a row.</param>
[JsonConverter(typeof(NumberGridConverter))]
public sealed record NumberGrid(ReadOnlyMemory<float> Values, int Columns);

internal sealed class NumberGridConverter : JsonConverter<NumberGrid>
{
    public override void Write(Utf8JsonWriter writer, NumberGrid grid, JsonSerializerOptions options)
    {
        writer.WriteStartArray();
        for (var rest = grid.Values.Span; rest.Length > 0; rest = rest[grid.Columns..])
        {
            writer.WriteStartArray();
            foreach (var value in rest[..grid.Columns]) writer.WriteNumberValue(value);
            writer.WriteEndArray();
        }
        writer.WriteEndArray();
    }

    public override NumberGrid Read(ref Utf8JsonReader reader, Type type, JsonSerializerOptions options) => throw new NotSupportedException("Answers are only written.");
}
