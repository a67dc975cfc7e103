using System.Numerics.Tensors;

namespace AttentionApi.Core.Analysis.Kernels;

/// <summary>Eigenvectors of small symmetric matrices, by Jacobi's rotations.</summary>
internal static class SymmetricEigen
{
    private const int MostSweeps = 50;

    /// <summary>Turns vectors within their span until they are orthogonal, longest first, and <paramref name="companions"/> along with them. Gives their
    /// squared lengths.</summary>
    public static double[] Rotate(double[][] vectors, double[][] companions)
    {
        for (var sweep = 0; sweep < MostSweeps; sweep++)
        {
            var turned = false;
            for (var i = 0; i < vectors.Length; i++)
            {
                for (var j = i + 1; j < vectors.Length; j++) turned |= Turn(vectors, companions, i, j);
            }
            if (!turned) break;
        }
        var lengths = vectors.Select(vector => TensorPrimitives.SumOfSquares<double>(vector)).ToArray();
        var order = Enumerable.Range(0, vectors.Length).OrderByDescending(i => lengths[i]).ToArray();
        Reorder(vectors, order);
        Reorder(companions, order);
        return [.. order.Select(i => lengths[i])];
    }

    private static bool Turn(double[][] vectors, double[][] companions, int i, int j)
    {
        var (own, other, mixed) = (TensorPrimitives.SumOfSquares<double>(vectors[i]), TensorPrimitives.SumOfSquares<double>(vectors[j]),
            TensorPrimitives.Dot<double>(vectors[i], vectors[j]));
        if (Math.Abs(mixed) <= 1e-15 * Math.Sqrt(own * other)) return false;
        var zeta = (other - own) / (2 * mixed);
        var tangent = Math.CopySign(1, zeta) / (Math.Abs(zeta) + Math.Sqrt(1 + zeta * zeta));
        var cosine = 1 / Math.Sqrt(1 + tangent * tangent);
        Turn(vectors[i], vectors[j], cosine, cosine * tangent);
        Turn(companions[i], companions[j], cosine, cosine * tangent);
        return true;
    }

    private static void Turn(double[] first, double[] second, double cosine, double sine)
    {
        for (var k = 0; k < first.Length; k++) (first[k], second[k]) = (cosine * first[k] - sine * second[k], sine * first[k] + cosine * second[k]);
    }

    private static void Reorder(double[][] vectors, int[] order)
    {
        var copy = vectors.ToArray();
        for (var i = 0; i < order.Length; i++) vectors[i] = copy[order[i]];
    }
}
