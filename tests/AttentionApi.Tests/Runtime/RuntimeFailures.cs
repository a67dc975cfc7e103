using System.Reflection;
using Microsoft.ML.OnnxRuntime;

namespace AttentionApi.Tests.Runtime;

/// <summary>Exceptions as ONNX Runtime throws them; their constructor is not public.</summary>
internal static class RuntimeFailures
{
    /// <param name="message">With or without the code in brackets that the exception puts before it.</param>
    public static OnnxRuntimeException Of(string message) => (OnnxRuntimeException)Activator.CreateInstance(typeof(OnnxRuntimeException),
        BindingFlags.NonPublic | BindingFlags.Instance, null,
        [Enum.ToObject(typeof(OnnxRuntimeException).Assembly.GetType("Microsoft.ML.OnnxRuntime.ErrorCode")!, 1),
            message.StartsWith('[') ? message[(message.IndexOf(']') + 2)..] : message], null)!;
}
