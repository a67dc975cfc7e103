using System.Text.Json;
using System.Text.Json.Serialization;

namespace AttentionApi.Contracts;

/// <summary>Writes a part of an answer; answers are never read back.</summary>
internal abstract class WrittenOnly<T> : JsonConverter<T>
{
    public sealed override T Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        throw new NotSupportedException("Answers are only written.");
}
