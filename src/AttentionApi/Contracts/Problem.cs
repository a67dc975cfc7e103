using System.Text.Json.Serialization;

namespace AttentionApi.Contracts;

/// <summary>RFC 9457 problem details, sent as application/problem+json.</summary>
/// <param name="Type">about:blank: the status says what kind of problem it is.</param>
/// <param name="Title">The status in words.</param>
/// <param name="Status">The HTTP status.</param>
/// <param name="Detail">The cause, and what to do about it.</param>
/// <param name="Parameter">The parameter or form field at fault, where one is.</param>
public sealed record Problem(
    string Type, string Title, int Status, string Detail, [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Parameter = null);
