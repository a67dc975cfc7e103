using Microsoft.ML.OnnxRuntime;

namespace AttentionApi.Core.Runtime.Sessions;

/// <summary>A run of a loaded model failed; the model or the device may be broken, or memory short.</summary>
public sealed class ModelRunException(OnnxRuntimeException cause) : Exception(OrtErrors.OneLine(cause.Message), cause)
{
    /// <summary>Runs a session; what ONNX Runtime throws becomes a <see cref="ModelRunException"/>.</summary>
    internal static void Guard(Action run) => Guard(() =>
    {
        run();
        return true;
    });

    /// <inheritdoc cref="Guard(Action)"/>
    internal static T Guard<T>(Func<T> run)
    {
        try
        {
            return run();
        }
        catch (OnnxRuntimeException cause)
        {
            throw new ModelRunException(cause);
        }
    }
}
