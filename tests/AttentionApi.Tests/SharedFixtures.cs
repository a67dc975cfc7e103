namespace AttentionApi.Tests;

/// <summary>Finds the reference data: small ones in the repository (tests/fixtures), the rest in the shared folder beside it.</summary>
public static class SharedFixtures
{
    /// <summary>References that are part of the repository, copied beside the test program.</summary>
    public static string Local(params ReadOnlySpan<string> parts) => Path.Combine([AppContext.BaseDirectory, "fixtures", .. parts]);

    /// <summary>A path in the shared folder; skips the calling test where the folder is absent, fails it in CI.</summary>
    public static string InShared(params ReadOnlySpan<string> parts)
    {
        var root = Root ?? throw Missing();
        return Path.Combine([root, .. parts]);
    }

    /// <summary>A file of a family's references: the repository's own copy where there is one (clip, vit), so that its tests run in any clone.</summary>
    public static string Family(string family, params ReadOnlySpan<string> parts) =>
        Local([family, .. parts]) is var own && (File.Exists(own) || Directory.Exists(own)) ? own : InShared(["fixtures", "models", family, .. parts]);

    private static string? Root => FindRoot();

    private static string? FindRoot()
    {
        var folder = Environment.GetEnvironmentVariable("ATTENTION_FIXTURES") is { Length: > 0 } configured ? configured : Path.GetFullPath(Path.Combine(SourceTree.Root, "..", "shared"));
        return Directory.Exists(folder) ? folder : null;
    }

    private static InvalidOperationException Missing()
    {
        const string reason = "The shared reference data is absent: set ATTENTION_FIXTURES or put the folder 'shared' beside the project.";
        if (string.Equals(Environment.GetEnvironmentVariable("CI"), "true", StringComparison.OrdinalIgnoreCase)) return new InvalidOperationException(reason);
        Assert.Skip(reason);
        throw new InvalidOperationException("unreachable");
    }
}
