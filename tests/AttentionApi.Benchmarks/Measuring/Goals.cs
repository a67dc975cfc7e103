namespace AttentionApi.Benchmarks.Measuring;

/// <summary>Goals and whether they were met.</summary>
internal static class Goals
{
    /// <summary>Prints a line per goal; true where all are met.</summary>
    public static bool Report(params IReadOnlyList<(string Goal, bool Met, string Measured)> goals)
    {
        foreach (var (goal, met, measured) in goals) Console.WriteLine($"  {(met ? "met   " : "MISSED")}  {goal}: {measured}");
        return goals.All(goal => goal.Met);
    }
}
