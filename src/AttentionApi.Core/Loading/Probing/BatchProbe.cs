using AttentionApi.Core.Runtime;
using AttentionApi.Core.Runtime.Sessions;
using Microsoft.ML.OnnxRuntime;

namespace AttentionApi.Core.Loading.Probing;

/// <summary>Finds how many pictures one run may take, with the same answers as for each picture alone.</summary>
internal static class BatchProbe
{
    /// <summary>
    /// Largest difference, relative to the largest value. Sums in another order differ by less, quantisation by the range of a whole batch by more.
    /// </summary>
    private const float Tolerance = 1e-4f;

    /// <summary>Parts whose tensors are among those that every batch has to have right.</summary>
    private const ActivationParts Basic = ActivationParts.MeanAttention | ActivationParts.HeadAttention | ActivationParts.HeadTokenAttention;

    private static readonly ActivationParts[] Further = [ActivationParts.ReadOut, ActivationParts.HiddenStates, ActivationParts.TokenNorms,
        ActivationParts.Values, ActivationParts.LastKeys, ActivationParts.HeadTokenStates];

    /// <summary>The tower, told how many pictures one run may take and what it may be asked for then: one picture where the export fixed the batch, or where
    /// pictures of a batch influence each other.</summary>
    /// <param name="tower">A tower that has passed its single run.</param>
    /// <param name="picture">Pixels [3, height, width] to try it with.</param>
    public static VisionTower Measured(VisionTower tower, float[] picture)
    {
        var largest = tower.Batches.Of(tower.Tokens);
        if (largest == 1 || tower.Session.InputMetadata[tower.InputName].Dimensions is not [< 0, ..]) return tower;
        TensorInfo[] basic = [.. tower.Output is { } output ? [output]
            : Array.Empty<TensorInfo>(), .. PartOutputs.TensorsOf(tower, ActivationParts.MeanAttention), tower.Layers[0].HeadAttention];
        if (!HavePictures(basic)) return tower;
        var further = Further.Select(part => (Part: part, Tensors: PartOutputs.TensorsOf(tower, part))).Where(entry => HavePictures(entry.Tensors)).ToList();
        TensorInfo[] tensors = [.. basic.Concat(further.SelectMany(entry => entry.Tensors)).DistinctBy(tensor => tensor.Name)];
        try
        {
            var alone = Run(tower, tensors, picture)[0];
            // A second picture of another range, so that scaling by the range of both would show.
            var accompanied = Run(tower, tensors, [.. picture.Select(value => 3 * value)], picture)[1];
            var same = tensors.Where((_, i) => IsClose(alone[i], accompanied[i])).Select(tensor => tensor.Name).ToHashSet();
            bool AreSame(IEnumerable<TensorInfo> some) => some.All(tensor => same.Contains(tensor.Name));
            return !AreSame(basic) ? tower : tower with
            {
                LargestBatch = largest,
                BatchedParts = further.Where(entry => AreSame(entry.Tensors)).Aggregate(Basic, (parts, entry) => parts | entry.Part),
            };
        }
        catch (OnnxRuntimeException)
        {
            return tower;
        }
    }

    /// <summary>Whether the first axis may be that of the pictures.</summary>
    private static bool HavePictures(IEnumerable<TensorInfo> tensors) => tensors.All(tensor => tensor.Shape is [1, ..]);

    /// <summary>By picture, each tensor's values.</summary>
    internal static float[][][] Run(VisionTower tower, TensorInfo[] tensors, params float[][] pictures)
    {
        using var outputs = new RunOutputs(pictures.Length);
        var values = tensors.Select(tensor => outputs.Add([tensor])).ToArray();
        using var input = Tensors.FromFloats(Tensors.Concat(pictures), [pictures.Length, .. tower.InputShape[1..]], tower.InputType);
        using var passage = CaptureGate.Pass();
        using var options = new RunOptions { LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL };
        tower.Session.Run(options, [tower.InputName], [input], outputs.Names, outputs.Values);
        outputs.Take();
        return [.. Enumerable.Range(0, pictures.Length).Select(picture => values.Select(tensor => tensor[picture]).ToArray())];
    }

    /// <summary>Whether numbers differ by rounding at most.</summary>
    internal static bool IsClose(float[] expected, float[] actual)
    {
        if (expected.Length == 0) return actual.Length == 0;
        var allowed = Tolerance * expected.Max(Math.Abs);
        return expected.Zip(actual).All(pair => Math.Abs(pair.First - pair.Second) <= allowed);
    }
}
