namespace AttentionApi.Shared;

/// <summary>What lies in the repository; the tests are always run from a checkout.</summary>
internal static class SourceTree
{
    public static string Root { get; } = Find();

    /// <summary>The embedded model. Better weights may come under the same name: tests depend on neither its sizes nor its words.</summary>
    public static string DemoModel { get; } = Path.Combine(Root, "models", "demo-clip");

    private static string Find()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "AttentionApi.sln"))) return folder.FullName;
        }
        throw new DirectoryNotFoundException("AttentionApi.sln is not above the test program.");
    }
}
