using System.Numerics.Tensors;

namespace AttentionApi.Core.Analysis.Kernels;

/// <summary>The directions in which the rows of a matrix differ most from their mean.</summary>
/// <param name="Components">Unit vectors, [component, width]; each has its entry of largest magnitude positive.</param>
/// <param name="Scores">The centred rows along them, [row, component].</param>
/// <param name="Explained">Each component's share of the rows' variance, [component].</param>
internal sealed record PrincipalComponents(float[] Components, float[] Scores, float[] Explained)
{
    /// <summary>Directions followed beside those wanted: the next ones decide how fast the wanted ones settle.</summary>
    private const int Spare = 6;
    private const int MostRounds = 500;

    public int Count => Explained.Length;

    /// <summary>
    /// Subspace iteration with Rayleigh–Ritz steps on the rows themselves: the width × width covariance is never formed. Deterministic.
    /// </summary>
    /// <param name="rows">[row, width].</param>
    /// <param name="width">Width of a row.</param>
    /// <param name="count">Components wanted; fewer come back where the rows span fewer.</param>
    public static PrincipalComponents Of(ReadOnlySpan<float> rows, int width, int count)
    {
        var centred = Centre(rows, width);
        var total = TensorPrimitives.SumOfSquares<double>(centred);
        var height = centred.Length / width;
        var basis = Start(Math.Min(count + Spare, Math.Min(width, height)), width);
        var scores = Array.Empty<double[]>();
        double[] variances = [], before = [];
        for (var round = 0; round < MostRounds; round++)
        {
            Orthonormalise(basis);
            scores = [.. basis.Select(direction => Project(centred, direction, height))];
            before = variances;
            variances = SymmetricEigen.Rotate(scores, basis);
            if (before.Length > 0 && Settled(before, variances, count)) break;
            basis = [.. scores.Select(score => Gather(centred, score, width))];
        }
        Orthonormalise(basis);
        var found = Math.Min(count, variances.Count(variance => variance > total * 1e-12));
        return Signed(centred, [.. basis.Take(found)], height, total);
    }

    /// <summary>Scores from their 1st to their 99th percentile as 0…1, clipped: three components are a picture's red, green and blue. [row,
    /// component]</summary>
    public float[] ToColors()
    {
        var (count, height) = (Count, Count == 0 ? 0 : Scores.Length / Count);
        var colors = new float[Scores.Length];
        for (var component = 0; component < count; component++)
        {
            var sorted = Enumerable.Range(0, height).Select(row => Scores[row * count + component]).Order().ToArray();
            var (low, high) = (Percentile.Of(sorted, 0.01), Percentile.Of(sorted, 0.99));
            for (var row = 0; row < height; row++)
                colors[row * count + component] = high > low ? (float)Math.Clamp((Scores[row * count + component] - low) / (high - low), 0, 1) : 0.5f;
        }
        return colors;
    }

    private static double[] Centre(ReadOnlySpan<float> rows, int width)
    {
        var centred = new double[rows.Length];
        TensorPrimitives.ConvertChecked<float, double>(rows, centred);
        var mean = new double[width];
        for (var row = 0; row < centred.Length; row += width) TensorPrimitives.Add(mean, centred.AsSpan(row, width), mean);
        TensorPrimitives.Divide(mean, (double)(centred.Length / width), mean);
        for (var row = 0; row < centred.Length; row += width) TensorPrimitives.Subtract(centred.AsSpan(row, width), mean, centred.AsSpan(row, width));
        return centred;
    }

    private static double[][] Start(int count, int width)
    {
        var random = new Random(1);
        return [.. Enumerable.Range(0, count).Select(_ => Enumerable.Range(0, width).Select(_ => random.NextDouble() - 0.5).ToArray())];
    }

    private static double[] Project(double[] centred, double[] direction, int height)
    {
        var scores = new double[height];
        for (var row = 0; row < height; row++) scores[row] = TensorPrimitives.Dot<double>(centred.AsSpan(row * direction.Length, direction.Length), direction);
        return scores;
    }

    private static double[] Gather(double[] centred, double[] scores, int width)
    {
        var direction = new double[width];
        for (var row = 0; row < scores.Length; row++)
            TensorPrimitives.MultiplyAdd<double>(centred.AsSpan(row * width, width), scores[row], direction, direction);
        return direction;
    }

    /// <summary>Gram–Schmidt, twice: once loses digits where directions are nearly alike.</summary>
    private static void Orthonormalise(double[][] basis)
    {
        for (var i = 0; i < basis.Length; i++)
        {
            for (var pass = 0; pass < 2; pass++)
            {
                for (var j = 0; j < i; j++)
                    TensorPrimitives.MultiplyAdd<double>(basis[j], -TensorPrimitives.Dot<double>(basis[i], basis[j]), basis[i], basis[i]);
            }
            var norm = TensorPrimitives.Norm<double>(basis[i]);
            if (norm > 0) TensorPrimitives.Divide(basis[i], norm, basis[i]);
        }
    }

    /// <summary>Errors of directions are the roots of those of variances.</summary>
    private static bool Settled(double[] before, double[] now, int count) =>
        Enumerable.Range(0, Math.Min(count, now.Length)).All(i => Math.Abs(now[i] - before[i]) <= 1e-14 * now[0]);

    private static PrincipalComponents Signed(double[] centred, double[][] basis, int height, double total)
    {
        var width = centred.Length / height;
        var (components, scores, explained) = (new float[basis.Length * width], new float[height * basis.Length], new float[basis.Length]);
        for (var i = 0; i < basis.Length; i++)
        {
            if (basis[i].MaxBy(Math.Abs) < 0) TensorPrimitives.Negate(basis[i], basis[i]);
            var along = Project(centred, basis[i], height);
            for (var k = 0; k < width; k++) components[i * width + k] = (float)basis[i][k];
            for (var row = 0; row < height; row++) scores[row * basis.Length + i] = (float)along[row];
            explained[i] = (float)(TensorPrimitives.SumOfSquares<double>(along) / total);
        }
        return new(components, scores, explained);
    }
}
