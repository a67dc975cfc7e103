using System.Text.RegularExpressions;
using AttentionApi.Core.Models;
using Microsoft.ML.OnnxRuntime;

namespace AttentionApi.Core.Runtime.Sessions;

/// <summary>What a failure says something of.</summary>
internal enum RunFault
{
    /// <summary>The model, or what it was given.</summary>
    Model,
    /// <summary>Memory is short; it may be free again later.</summary>
    Shortage,
    /// <summary>The GPU or one of its libraries; whether it lasts, only another run tells.</summary>
    Gpu,
    /// <summary>The GPU, and every later call fails like this one until the process ends.</summary>
    LostGpu,
}

/// <summary>Turns ONNX Runtime's errors into one sentence for people.</summary>
internal static partial class OrtErrors
{
    /// <summary>Makes a session, or runs one, for a file; what ONNX Runtime throws becomes a refusal of that file.</summary>
    public static T Translate<T>(string fileName, Func<T> action)
    {
        try
        {
            return action();
        }
        catch (Exception cause) when (FaultOf(cause) is var fault and not RunFault.Model)
        {
            var what = fault switch
            {
                RunFault.Shortage => "needs more memory, or more of the GPU, than is free at the moment",
                RunFault.LostGpu => "cannot be run, because the GPU has failed until the service is restarted",
                _ => "cannot be run at the moment, because the GPU failed",
            };
            throw new ModelRefusedException($"{fileName} {what}: {OneLine(cause.Message)}", cause) { MayPass = true };
        }
        catch (Exception cause) when (cause is OnnxRuntimeException or ModelRunException)
        {
            throw new ModelRefusedException(Sentence(fileName, cause.Message), cause);
        }
        catch (Exception cause) when (cause is IOException or UnauthorizedAccessException)
        {
            throw ModelFiles.Unreadable(fileName, cause);
        }
        catch (OutOfMemoryException cause)
        {
            throw new ModelRefusedException($"{fileName} needs more memory than this machine has.", cause) { MayPass = true };
        }
    }

    /// <summary>Whether the machine lacked something, which says nothing of the model: the same run may succeed later.</summary>
    public static bool MayPass(Exception failure) => FaultOf(failure) != RunFault.Model;

    /// <summary>What a failure, or what lies behind it, says something of.</summary>
    public static RunFault FaultOf(Exception failure)
    {
        for (var cause = failure; cause is not null; cause = cause.InnerException)
        {
            if (cause is not (OnnxRuntimeException or ModelRunException)) continue;
            if (LostGpu().IsMatch(cause.Message)) return RunFault.LostGpu;
            if (Shortage().IsMatch(cause.Message)) return RunFault.Shortage;
            if (Gpu().IsMatch(cause.Message)) return RunFault.Gpu;
        }
        return RunFault.Model;
    }

    private static string Sentence(string fileName, string message)
    {
        if (UnknownOperator().Match(message) is { Success: true } unknown)
        {
            var domain = unknown.Groups["domain"].Value is { Length: > 0 } own and not "ai.onnx" ? own + "::" : "";
            return $"{fileName} uses the unknown operator {domain}{unknown.Groups["name"].Value}, which ONNX Runtime cannot run.";
        }
        if (NotImplemented().Match(message) is { Success: true } missing)
            return $"{fileName} needs the operator {missing.Groups["what"].Value}, for which ONNX Runtime has no kernel on this processor in the model's "
                + "precision: export it in float32 for the CPU.";
        return $"{fileName} is refused by ONNX Runtime: {OneLine(message)}";
    }

    /// <summary>A message of ONNX Runtime on one line, without code and paths, shortened.</summary>
    public static string OneLine(string message)
    {
        const int longest = 300;
        var text = Prefix().Replace(message.ReplaceLineEndings(" "), "").Trim();
        if (MissingLibrary().Match(text) is { Success: true } missing)
        {
            var (needed, by) = (missing.Groups["needed"].Value, missing.Groups["by"].Value);
            return $"the library {needed}{(needed == by ? "" : $", which {by} needs,")} cannot be loaded ({missing.Groups["why"].Value.Trim()})";
        }
        if (Driver().Match(text) is { Success: true } driver) return $"{driver.Groups["what"].Value}: {driver.Groups["words"].Value.Trim()}";
        if (SourceLine().Match(text) is { Success: true } source)
            return Inner().Match(text) is { Success: true } inner ? inner.Groups["words"].Value : $"an internal check failed ({source.Groups["place"].Value})";
        return text.Length <= longest ? text : string.Concat(text.AsSpan(0, longest), "…");
    }

    /// <summary>
    /// Errors after which CUDA's documentation says that the process must be ended, with those of a driver that is gone, of memory that lost bits, and 999, the
    /// unknown one. Not among them are launches that only did not happen (701, 720) and refused requests (711 to 713).
    /// </summary>
    /// <remarks>
    /// cudaError_t: 4 driver shut down, 46 devices unavailable, 214 ECC, 220 NVLink, 700 address, 702 timeout, 709 context destroyed, 710 assertion, 714 stack,
    /// 715 instruction, 716 alignment, 717 address space, 718 program counter, 719 launch failure, 721 memory leak.
    /// </remarks>
    [GeneratedRegex(@"CUDA failure (?:4|46|214|220|700|702|709|710|71[4-9]|721|999): ")]
    private static partial Regex LostGpu();

    /// <summary>The words of ONNX Runtime's allocators, of the C++ library, and of CUDA and its libraries.</summary>
    [GeneratedRegex(@"failed to allocate|bad[_ ]alloc|out of memory|_ALLOC_FAILED", RegexOptions.IgnoreCase)]
    private static partial Regex Shortage();

    [GeneratedRegex(@"CUDA (failure|error)|CUBLAS|CUDNN", RegexOptions.IgnoreCase)]
    private static partial Regex Gpu();

    [GeneratedRegex(@"Fatal error: (?<domain>[^\s:]*):{1,2}(?<name>[^\s(]+)\([^)]*\) is not a registered|"
        + @"No Op registered for (?<name>\S+) with domain_version")]
    private static partial Regex UnknownOperator();

    [GeneratedRegex(@"Could not find an implementation for (?<what>[^\s]+)")]
    private static partial Regex NotImplemented();

    [GeneratedRegex(@"^\[ErrorCode:\w+\]\s*|Load model from .* failed:\s*")]
    private static partial Regex Prefix();

    /// <summary>An error of the shared library loader about a provider, without its path.</summary>
    [GeneratedRegex(@"Failed to load library (?:\S*/)?(?<by>\S+) with error: (?:\S*/)?(?<needed>[^:/]+): (?<why>[^:]+)")]
    private static partial Regex MissingLibrary();

    /// <summary>A failure of CUDA or one of its libraries, in the driver's own words.</summary>
    [GeneratedRegex(@"(?<what>(?:CUDA|CUDNN|CUBLAS|CUFFT|CURAND)\w* failure -?\d+): (?<words>[^;]+)")]
    private static partial Regex Driver();

    /// <summary>An error that a failed check hands on.</summary>
    [GeneratedRegex(@"\[ONNXRuntimeError\] : \d+ : \w+ : (?<words>[^/]+)$")]
    private static partial Regex Inner();

    /// <summary>The message of a failed assertion begins with a position in ONNX Runtime's source.</summary>
    [GeneratedRegex(@"^/\S*/(?<place>[^\s/]+\.(?:cc|h):\d+) ")]
    private static partial Regex SourceLine();
}
