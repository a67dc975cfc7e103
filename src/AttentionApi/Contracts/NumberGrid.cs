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

internal sealed class NumberGridConverter : WrittenOnly<NumberGrid>
{
    public override void Write(Utf8JsonWriter writer, NumberGrid value, JsonSerializerOptions options) =>
        NumberArrays.Write(writer, value.Values.Span, [value.Values.Length / value.Columns, value.Columns]);
}

internal sealed class PatchNumbersConverter : WrittenOnly<PatchNumbers>
{
    public override void Write(Utf8JsonWriter writer, PatchNumbers value, JsonSerializerOptions options)
    {
        var rows = value.Values.Length / (value.Columns * value.Components);
        NumberArrays.Write(writer, value.Values.Span, value.Components > 1 ? [rows, value.Columns, value.Components] : [rows, value.Columns]);
    }
}

internal static class NumberArrays
{
    /// <summary>Numbers as nested arrays of the given sizes; a single number where there are none.</summary>
    public static void Write(Utf8JsonWriter writer, ReadOnlySpan<float> values, ReadOnlySpan<int> sizes)
    {
        if (sizes.IsEmpty)
        {
            writer.WriteNumberValue(values[0]);
            return;
        }
        writer.WriteStartArray();
        if (sizes.Length == 1)
        {
            foreach (var value in values) writer.WriteNumberValue(value);
        }
        else
        {
            var size = values.Length / Math.Max(1, sizes[0]);
            for (var i = 0; i < sizes[0]; i++) Write(writer, values.Slice(i * size, size), sizes[1..]);
        }
        writer.WriteEndArray();
    }
}
