namespace AttentionApi.BrowserTests;

public sealed class SecurityTests(PageHost host, Chromium chromium)
{
    [Fact]
    public async Task The_page_runs_under_a_strict_policy_and_talks_to_no_other_host()
    {
        var foreign = new List<string>();
        var policy = "";
        await using var explore = await ExplorePage.OpenAsync(host, chromium, before: page =>
        {
            page.Request += (_, request) =>
                { if (!request.Url.StartsWith(host.Address.AbsoluteUri, StringComparison.Ordinal)
                && !request.Url.StartsWith("blob:", StringComparison.Ordinal)) foreign.Add(request.Url); };
            page.Response += (_, response) =>
                { if (new Uri(response.Url).AbsolutePath == "/") policy = response.Headers.GetValueOrDefault("content-security-policy", ""); };
            return Task.CompletedTask;
        });
        foreach (var tab in new[] { "heads", "difference", "trajectory" }) await explore.OpenTabAsync(tab);
        await explore.ReadyAsync();
        Assert.Empty(foreign);
        Assert.Contains("default-src", policy, StringComparison.Ordinal);
        Assert.DoesNotContain("unsafe", policy, StringComparison.Ordinal);
        explore.AssertNoErrors();
    }
}
