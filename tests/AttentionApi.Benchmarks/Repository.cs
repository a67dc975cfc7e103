namespace AttentionApi.Benchmarks;

/// <summary>Where the benchmarks find what lies in the repository.</summary>
internal static class Repository
{
    public static string DemoModel => Path.Combine(Root, "models", "demo-clip");

    private static string Root { get; } = Find();

    private static string Find()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "AttentionApi.sln"))) return folder.FullName;
        }
        throw new DirectoryNotFoundException("The benchmarks need the repository around them: run them with 'dotnet run' from a clone.");
    }
}
