using Microsoft.Extensions.Logging;
using Microsoft.ML.OnnxRuntime;

namespace AttentionApi.Core.Runtime.Sessions;

/// <summary>
/// Routes ONNX Runtime's messages to our log instead of the standard error stream. Its environment is one per process and is set up once, before the first
/// session.
/// </summary>
internal static class RuntimeLog
{
    private static readonly DOrtLoggingFunction Function = Write;
    private static readonly Lock Setup = new();
    private static volatile ILogger? target;

    public static void RouteTo(ILogger? log)
    {
        target = log ?? target;
        lock (Setup)
        {
            if (OrtEnv.IsCreated) return;
            var options = new EnvironmentCreationOptions { logId = "onnxruntime",
                logLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_WARNING, loggingFunction = Function };
            OrtEnv.CreateInstanceWithOptions(ref options);
        }
    }

    /// <summary>For what is noticed while sessions are made.</summary>
    public static void Note(LogLevel level, string message) => target?.Log(level, "{Message}", message);

    private static void Write(IntPtr parameter, OrtLoggingLevel severity, string category, string id, string location, string message)
    {
        if (target is not { } log) return;
        var level = severity switch
        {
            OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL or OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR => LogLevel.Error,
            OrtLoggingLevel.ORT_LOGGING_LEVEL_WARNING => LogLevel.Warning,
            _ => LogLevel.Debug,
        };
        log.Log(level, "ONNX Runtime: {Message}", message);
    }
}
