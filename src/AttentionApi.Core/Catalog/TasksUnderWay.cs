namespace AttentionApi.Core.Catalog;

/// <summary>Loads and unloads that must end before the program does. The catalogue's lock guards it.</summary>
internal sealed class TasksUnderWay
{
    /// <summary>How long they may take when the program ends; a thread that waits for an unresponsive disk cannot be stopped, only abandoned.</summary>
    private static readonly TimeSpan ExitPatience = TimeSpan.FromSeconds(5);

    private readonly HashSet<Task> tasks = [];

    public Task[] All => [.. tasks];

    public void Add(Task task)
    {
        tasks.RemoveWhere(one => one.IsCompleted);
        tasks.Add(task);
    }

    /// <summary>Waits for tasks, whether they fail or not.</summary>
    /// <returns>How many have not ended in time.</returns>
    public static async Task<int> EndAsync(IReadOnlyList<Task> tasks)
    {
        await Task.WhenAll(tasks).WaitAsync(ExitPatience).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return tasks.Count(task => !task.IsCompleted);
    }
}
