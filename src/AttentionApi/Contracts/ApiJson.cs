using System.Text.Json;
using System.Text.Json.Serialization;

namespace AttentionApi.Contracts;

/// <summary>How answers are written: camel case, nulls kept unless a property says otherwise, no reflection.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(Problem))]
[JsonSerializable(typeof(ModelList))]
[JsonSerializable(typeof(MethodList))]
[JsonSerializable(typeof(PredictionAnswer))]
[JsonSerializable(typeof(ExplanationAnswer))]
[JsonSerializable(typeof(HealthAnswer))]
internal sealed partial class ApiJson : JsonSerializerContext;
