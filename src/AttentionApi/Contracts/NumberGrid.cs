using System.Text.Json;
using System.Text.Json.Serialization;

namespace AttentionApi.Contracts;

/// <summary>A matrix of numbers, written as an array of rows straight from the flat array.</summary>
/// <param name="Values">Row-major.</param>
/// <param name="Columns">Length of a row.</param>
[JsonConverter(typeof(NumberGridConverter))]
public sealed record NumberGrid(ReadOnlyMemory<float> Values, int Columns);

/// <summary>The numbers of the patches: of each patch one, or of features one a component.</summary>
/// <param name="Values">Row-major, components last.</param>
/// <param name="Columns">Patches in a row.</param>
/// <param name="Components">Numbers of a patch; where there are several, a patch is an array of them.</param>
[JsonConverter(typeof(PatchNumbersConverter))]
public sealed record PatchNumbers(ReadOnlyMemory<float> Values, int Columns, int Components = 1);

internal sealed class NumberGridConverter : JsonConverter<NumberGrid>
{
    public override void Write(Utf8JsonWriter writer, NumberGrid grid, JsonSerializerOptions options) => NumberArrays.Write(writer, grid.Values.Span, grid.Columns, 1);

    public override NumberGrid Read(ref Utf8JsonReader reader, Type type, JsonSerializerOptions options) => throw new NotSupportedException("Answers are only written.");
}

internal sealed class PatchNumbersConverter : JsonConverter<PatchNumbers>
{
    public override void Write(Utf8JsonWriter writer, PatchNumbers patches, JsonSerializerOptions options) => NumberArrays.Write(writer, patches.Values.Span, patches.Columns, patches.Components);

    public override PatchNumbers Read(ref Utf8JsonReader reader, Type type, JsonSerializerOptions options) => throw new NotSupportedException("Answers are only written.");
}

internal static class NumberArrays
{
    /// <summary>An array of rows; its cells are numbers, or arrays where a cell has several.</summary>
    public static void Write(Utf8JsonWriter writer, ReadOnlySpan<float> values, int columns, int components)
    {
        writer.WriteStartArray();
        for (var rest = values; rest.Length > 0; rest = rest[(columns * components)..])
        {
            writer.WriteStartArray();
            for (var i = 0; i < columns * components; i++)
            {
                if (components > 1 && i % components == 0) writer.WriteStartArray();
                writer.WriteNumberValue(rest[i]);
                if (components > 1 && (i + 1) % components == 0) writer.WriteEndArray();
            }
            writer.WriteEndArray();
        }
        writer.WriteEndArray();
    }
}
