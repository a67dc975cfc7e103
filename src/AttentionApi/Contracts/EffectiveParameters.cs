using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

namespace AttentionApi.Contracts;

/// <summary>Every parameter that took effect, with the value it had; those that the method does not use are left out.</summary>
[JsonConverter(typeof(EffectiveParametersConverter))]
public sealed class EffectiveParameters
{
    internal EffectiveParameters(JsonObject values) => Values = values;

    /// <summary>By name.</summary>
    internal JsonObject Values { get; }
}

internal sealed class EffectiveParametersConverter : WrittenOnly<EffectiveParameters>
{
    public override void Write(Utf8JsonWriter writer, EffectiveParameters value, JsonSerializerOptions options) => value.Values.WriteTo(writer, options);
}
