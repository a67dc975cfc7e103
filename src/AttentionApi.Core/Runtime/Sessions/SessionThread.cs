using System.Collections.Concurrent;

namespace AttentionApi.Core.Runtime.Sessions;

/// <summary>A thread of its own for a session: ONNX Runtime keeps CUDA graphs by thread, so that each thread that runs would record them anew.</summary>
internal sealed class SessionThread : IDisposable
{
    private readonly BlockingCollection<Work> queue = [];
    private readonly Thread thread;

    public SessionThread(string name)
    {
        thread = new Thread(WorkOff) { Name = name, IsBackground = true };
        thread.Start();
    }

    /// <summary>Runs work after what was given before, and waits for it. What the work throws is thrown here.</summary>
    public void Run(Action action)
    {
        var work = new Work(action);
        queue.Add(work);
        work.Done.Task.GetAwaiter().GetResult();
    }

    private void WorkOff()
    {
        foreach (var work in queue.GetConsumingEnumerable())
        {
            try
            {
                work.Action();
                work.Done.SetResult();
            }
            catch (Exception failure)
            {
                work.Done.SetException(failure);
            }
        }
    }

    /// <summary>Ends the thread after the work that was given.</summary>
    public void Dispose()
    {
        queue.CompleteAdding();
        thread.Join();
        queue.Dispose();
    }

    private sealed record Work(Action Action)
    {
        public TaskCompletionSource Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
