namespace AttentionApi.Tests;

/// <summary>
/// Finds the reference data: in the folder that ATTENTION_FIXTURES names, else in the folder <c>shared</c> beside the checkout, else the part of it that lies
/// in the repository (tests/fixtures). A test that needs more than that part is skipped, and fails in CI.
/// </summary>
public static class SharedFixtures
{
    private static readonly string Repository = Path.Combine(SourceTree.Root, "tests", "fixtures");
    private static readonly string? Whole = FindWhole();

    /// <summary>The tiny models in the repository, a folder to serve: the same in every clone.</summary>
    public static string RepositoryModels { get; } = Path.Combine(Repository, "models");

    /// <summary>Whether all of the reference data is present, not only the part in the repository.</summary>
    public static bool AreWhole => Whole is not null;

    /// <summary>A path of the reference data, such as <c>fixtures, scenes, scenes.json</c>; skips the calling test where it is absent, fails it in
    /// CI.</summary>
    public static string InShared(params ReadOnlySpan<string> parts)
    {
        if (Whole is not null) return Path.Combine([Whole, .. parts]);
        var path = string.Join('/', parts.ToArray());
        if (path.StartsWith("fixtures/", StringComparison.Ordinal))
        {
            var own = Path.Combine(Repository, path["fixtures/".Length..]);
            if (Path.Exists(own)) return own;
        }
        throw Missing(path);
    }

    /// <summary>A file of a family's references.</summary>
    public static string Family(string family, params ReadOnlySpan<string> parts) => InShared(["fixtures", "models", family, .. parts]);

    /// <summary>Ends a test that lacks references: skipped, or failed where CI says that all of them must be there.</summary>
    public static InvalidOperationException Missing(string what)
    {
        var reason = $"{what} is not in the repository: set ATTENTION_FIXTURES, or put the folder 'shared' beside the checkout.";
        if (string.Equals(Environment.GetEnvironmentVariable("CI"), "true", StringComparison.OrdinalIgnoreCase)) return new InvalidOperationException(reason);
        Assert.Skip(reason);
        throw new InvalidOperationException("unreachable");
    }

    private static string? FindWhole()
    {
        if (Environment.GetEnvironmentVariable("ATTENTION_FIXTURES") is { Length: > 0 } configured)
        {
            return Directory.Exists(configured) ? configured
                : throw new DirectoryNotFoundException($"ATTENTION_FIXTURES names '{configured}', which is not a folder.");
        }
        var beside = Path.GetFullPath(Path.Combine(SourceTree.Root, "..", "shared"));
        return Directory.Exists(beside) ? beside : null;
    }
}
