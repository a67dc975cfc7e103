using System.Text.Json;
using System.Text.RegularExpressions;

namespace AttentionApi.Tests.Api;

/// <summary>The Grafana dashboard asks for metrics that the service has.</summary>
public sealed partial class DashboardTests(ApiHost host)
{
    private static readonly string Docker = Path.Combine(SourceTree.Root, "docker");

    [Fact]
    public async Task Every_metric_and_label_of_the_dashboard_is_served()
    {
        using var client = await host.ReadyAsync();
        using (var answer = await client.SendAsync("explain?labels=dog")) await answer.JsonAsync();
        var served = await client.GetStringAsync("/metrics", TestContext.Current.CancellationToken);
        var missing = Queries().SelectMany(query => Metric().Matches(query).Select(match => match.Value)
            .Concat(Grouping().Matches(query).SelectMany(match => match.Groups[1].Value.Split(',', StringSplitOptions.TrimEntries)).Where(label =>
                label != "le").Select(label => $"{label}=\"")))
            .Distinct().Where(name => !served.Contains(name, StringComparison.Ordinal));
        Assert.Empty(missing);
    }

    [Fact]
    public async Task Metrics_say_whose_they_are_and_count_requests_by_route_up_to_the_limit_of_a_minute()
    {
        using var client = await host.ReadyAsync();
        using (var answer = await client.SendAsync("explain?labels=dog")) await answer.JsonAsync();
        var served = (await client.GetStringAsync("/metrics", TestContext.Current.CancellationToken)).Split('\n');
        string[] expected =
        [
            """^target_info\{service_name="attention-api",service_version="\d+\.\d+\.\d+",service_instance_id="[0-9a-f-]{36}".*\} 1$""",
            """^http_server_request_duration_seconds_bucket\{.*http_route="/api/v1/explain".*le="60"\} \d+$""",
            """^attention_models\{.*default="true",model="demo-clip",provider="cpu",requested="(auto|cpu)",status="ready"\} 1$""",
            """^attention_memory_limit_bytes\{.*\} \d+$""",
        ];
        Assert.All(expected, line => Assert.Contains(served, one => Regex.IsMatch(one, line)));
    }

    [Fact]
    public void Panels_have_titles_queries_places_that_do_not_overlap_and_the_provisioned_source()
    {
        using var dashboard = Read();
        var panels = dashboard.RootElement.GetProperty("panels").EnumerateArray().ToArray();
        Assert.NotEmpty(panels);
        Assert.Equal(panels.Length, panels.Select(panel => panel.GetProperty("id").GetInt32()).Distinct().Count());
        Assert.All(panels, panel => Assert.NotEmpty(panel.GetProperty("title").GetString()!));
        Assert.All(panels, panel => Assert.NotEmpty(panel.GetProperty("targets").EnumerateArray()));
        var provisioned = File.ReadAllText(Directory.GetFiles(Path.Combine(Docker, "grafana", "provisioning", "datasources")).Single());
        Assert.All(panels, panel =>
            Assert.Contains($"uid: {panel.GetProperty("datasource").GetProperty("uid").GetString()}", provisioned, StringComparison.Ordinal));
        var cells = panels.SelectMany(panel => Cells(panel.GetProperty("gridPos"))).ToArray();
        Assert.Equal(cells.Length, cells.Distinct().Count());
        Assert.All(cells, cell => Assert.InRange(cell.X, 0, 23));
    }

    private static IEnumerable<(int X, int Y)> Cells(JsonElement place)
    {
        int Number(string name) => place.GetProperty(name).GetInt32();
        return Enumerable.Range(Number("y"), Number("h")).SelectMany(y => Enumerable.Range(Number("x"), Number("w")).Select(x => (x, y)));
    }

    private static string[] Queries()
    {
        using var dashboard = Read();
        return [.. dashboard.RootElement.GetProperty("panels").EnumerateArray().SelectMany(panel => panel.GetProperty("targets").EnumerateArray())
            .Select(target => target.GetProperty("expr").GetString()!)];
    }

    private static JsonDocument Read() =>
        JsonDocument.Parse(File.ReadAllText(Directory.GetFiles(Path.Combine(Docker, "grafana", "dashboards"), "*.json").Single()));

    [GeneratedRegex(@"\b(attention|http|dotnet|kestrel)_\w+(?=[{\[)]| or|$)")]
    private static partial Regex Metric();

    [GeneratedRegex(@"by \(([^)]*)\)")]
    private static partial Regex Grouping();
}
