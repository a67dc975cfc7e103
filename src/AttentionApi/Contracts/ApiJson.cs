using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace AttentionApi.Contracts;

/// <summary>How answers are written: camel case, nulls kept unless a property says otherwise, no reflection.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(Problem))]
[JsonSerializable(typeof(ModelList))]
[JsonSerializable(typeof(IReadOnlyList<Sanity>))]
[JsonSerializable(typeof(MethodList))]
[JsonSerializable(typeof(ClassList))]
[JsonSerializable(typeof(PredictResponse))]
[JsonSerializable(typeof(ExplainResponse))]
[JsonSerializable(typeof(CompareResponse))]
[JsonSerializable(typeof(RegionsResponse))]
[JsonSerializable(typeof(BatchAnswer))]
[JsonSerializable(typeof(BatchProblem))]
[JsonSerializable(typeof(AnswerLine<ExplainResponse>))]
[JsonSerializable(typeof(AnswerLine<CompareResponse>))]
[JsonSerializable(typeof(AgentExplanation))]
[JsonSerializable(typeof(HealthResponse))]
[JsonSerializable(typeof(PictureSummary))]
internal sealed partial class ApiJson : JsonSerializerContext
{
    /// <summary>Labels and sentences as they are, not as \u escapes: answers are JSON by type and are never sniffed as HTML.</summary>
    public static ApiJson Responses { get; } =
        new(new JsonSerializerOptions(JsonSerializerDefaults.Web) { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
}

/// <summary>Writes a part of an answer; answers are never read back.</summary>
internal abstract class WrittenOnly<T> : JsonConverter<T>
{
    public sealed override T Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        throw new NotSupportedException("Answers are only written.");
}
