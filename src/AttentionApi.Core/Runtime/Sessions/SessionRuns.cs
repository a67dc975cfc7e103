using Microsoft.ML.OnnxRuntime;

namespace AttentionApi.Core.Runtime.Sessions;

/// <summary>Runs of a session while a model is loaded.</summary>
internal static class SessionRuns
{
    /// <summary>Runs once and passes the outputs, in the order asked for, to <paramref name="read"/>; they are valid only inside it.</summary>
    public static T Run<T>(this InferenceSession session, IReadOnlyDictionary<string, OrtValue> inputs, IReadOnlyCollection<string> outputs,
        Func<IReadOnlyList<OrtValue>, T> read)
    {
        using var passage = CaptureGate.Pass();
        // Some runs are trials; the caller reports failures.
        using var options = new RunOptions { LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL };
        using var values = session.Run(options, [.. inputs.Keys], [.. inputs.Values], outputs);
        return read([.. values]);
    }
}
