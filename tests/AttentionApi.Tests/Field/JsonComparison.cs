using System.Globalization;
using System.Text.Json.Nodes;

namespace AttentionApi.Tests.Field;

/// <summary>
/// Whether an expected JSON value is a part of an answer: its members are there, lists have the same length, numbers differ by no more than the tolerance of
/// the member that they stand in or below.
/// </summary>
internal sealed class JsonComparison(IReadOnlyDictionary<string, double> tolerances)
{
    private const double DefaultTolerance = 1e-6;
    private const string Elsewhere = "other numbers";

    private readonly SortedDictionary<string, double> largest = new(StringComparer.Ordinal);

    /// <summary>What is missing or differs, each in a line with its place.</summary>
    public List<string> Differences { get; } = [];

    /// <summary>The largest difference of numbers met so far, by the member whose tolerance holds.</summary>
    public string Measured => largest.Count == 0 ? "no numbers"
        : string.Join(", ", largest.Select(one =>
            string.Create(CultureInfo.InvariantCulture, $"{one.Key} {one.Value:g3} (at most {tolerances.GetValueOrDefault(one.Key, DefaultTolerance):g3})")));

    public void Compare(JsonNode? expected, JsonNode? actual, string place = "") => Compare(expected, actual, place, Elsewhere);

    private void Compare(JsonNode? expected, JsonNode? actual, string place, string member)
    {
        switch (expected)
        {
            case JsonObject members when actual is JsonObject found:
                foreach (var (name, value) in members)
                {
                    if (found.ContainsKey(name)) Compare(value, found[name], $"{place}.{name}", tolerances.ContainsKey(name) ? name : member);
                    else Differences.Add($"{place}.{name} is absent");
                }
                break;
            case JsonArray items when actual is JsonArray list && items.Count == list.Count:
                for (var i = 0; i < items.Count; i++) Compare(items[i], list[i], $"{place}[{i}]", member);
                break;
            case JsonArray items when actual is JsonArray list:
                Differences.Add($"{place} has {list.Count} items, expected {items.Count}");
                break;
            case JsonValue number when number.TryGetValue<double>(out var wanted) && actual is JsonValue value && value.TryGetValue<double>(out var got):
                Measure(wanted, got, place, member);
                break;
            default:
                if (!JsonNode.DeepEquals(expected, actual))
                    Differences.Add($"{place} is {actual?.ToJsonString() ?? "null"}, expected {expected?.ToJsonString() ?? "null"}");
                break;
        }
    }

    private void Measure(double expected, double actual, string place, string member)
    {
        var difference = Math.Abs(expected - actual);
        largest[member] = Math.Max(largest.GetValueOrDefault(member), double.IsNaN(difference) ? double.PositiveInfinity : difference);
        if (!(difference <= tolerances.GetValueOrDefault(member, DefaultTolerance)))
            Differences.Add(string.Create(CultureInfo.InvariantCulture, $"{place} is {actual}, expected {expected}"));
    }
}
