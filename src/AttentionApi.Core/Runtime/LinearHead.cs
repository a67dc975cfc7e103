using System.Numerics.Tensors;

namespace AttentionApi.Core.Runtime;

/// <summary>A score as a linear function of the hidden state that the head reads: ⟨Direction, z⟩ + Offset.</summary>
/// <param name="Direction">[D]; the final norm's mean is taken out of it, its deviation and the embedding's length are constants.</param>
/// <param name="Offset">Biases of norm and head.</param>
/// <param name="Score">What the head itself gives: the cosine, or the class logit.</param>
internal sealed record LinearScore(float[] Direction, float Offset, float Score);

/// <summary>
/// The final norm and the one linear layer of the head, measured by reading out unit vectors: whatever the file calls them and however it stores their weights.
/// With the norm's deviation σ frozen the head is p = M z / σ + p_0.
/// </summary>
internal sealed class LinearHead
{
    private readonly ReadOutSession readOut;
    private readonly float[] matrix;
    private readonly float[] offset;

    private LinearHead(ReadOutSession readOut, float[] matrix, float[] offset) => (this.readOut, this.matrix, this.offset) = (readOut, matrix, offset);

    /// <summary>Reads D + 2 rows out.</summary>
    public static LinearHead Measure(ReadOutSession readOut)
    {
        var (width, outputs) = (readOut.HiddenWidth, readOut.Width);
        var rows = new float[(width + 2) * width];
        for (var i = 0; i < width; i++) rows[i * width + i] = 1;
        // The opposite of the first unit vector, whose half sum with it is p_0; a row of zeros has no deviation to divide by. The same unit vector on a
        // pedestal, which a mean takes away.
        rows[width * width] = -1;
        rows.AsSpan((width + 1) * width).Fill(1);
        rows[(width + 1) * width] += 1;
        var read = readOut.ReadRows(rows);

        var offset = new float[outputs];
        TensorPrimitives.Add(read.AsSpan(0, outputs), read.AsSpan(width * outputs, outputs), offset);
        TensorPrimitives.Multiply(offset, 0.5f, offset);
        var matrix = read[..(width * outputs)];
        for (var i = 0; i < width; i++) TensorPrimitives.Subtract(matrix.AsSpan(i * outputs, outputs), offset, matrix.AsSpan(i * outputs, outputs));
        if (IsSame(read.AsSpan(0, outputs), read.AsSpan((width + 1) * outputs, outputs))) Centre(matrix, width, outputs);
        return new(readOut, matrix, offset);
    }

    /// <summary>The head at one hidden state [D].</summary>
    public LinearizedHead At(float[] state)
    {
        var (read, outputs) = (readOut.ReadRows(state), readOut.Width);
        float[] moved = new float[outputs], expected = new float[outputs];
        for (var i = 0; i < state.Length; i++) TensorPrimitives.MultiplyAdd(matrix.AsSpan(i * outputs, outputs), state[i], moved, moved);
        TensorPrimitives.Subtract(read, offset, expected);
        // 1/σ is the one number that takes M z to what the head gives; the unit vectors' own deviation, which M carries, goes with it.
        var scale = TensorPrimitives.Dot<float>(moved, expected) / TensorPrimitives.SumOfSquares<float>(moved);
        TensorPrimitives.MultiplyAdd<float>(moved, -scale, expected, moved);
        return new(matrix, offset, read, scale) { Misfit = TensorPrimitives.Norm<float>(moved) / TensorPrimitives.Norm<float>(expected) };
    }

    private static bool IsSame(ReadOnlySpan<float> expected, ReadOnlySpan<float> actual)
    {
        const float half = 1e-2f;
        var difference = new float[expected.Length];
        TensorPrimitives.Subtract(expected, actual, difference);
        return TensorPrimitives.Norm<float>(difference) <= half * TensorPrimitives.Norm(expected);
    }

    /// <summary>Takes the mean over the width out of each column: integer kernels round a unit vector's mean away.</summary>
    private static void Centre(float[] matrix, int width, int outputs)
    {
        var mean = new float[outputs];
        for (var i = 0; i < width; i++) TensorPrimitives.Add(mean, matrix.AsSpan(i * outputs, outputs), mean);
        TensorPrimitives.Divide(mean, width, mean);
        for (var i = 0; i < width; i++) TensorPrimitives.Subtract(matrix.AsSpan(i * outputs, outputs), mean, matrix.AsSpan(i * outputs, outputs));
    }
}

/// <summary>The head with its norm's deviation frozen at one picture's hidden state.</summary>
internal sealed class LinearizedHead
{
    private readonly float[] matrix;
    private readonly float[] offset;
    private readonly float[] read;
    private readonly float scale;

    internal LinearizedHead(float[] matrix, float[] offset, float[] read, float scale) =>
        (this.matrix, this.offset, this.read, this.scale) = (matrix, offset, read, scale);

    /// <summary>How far what the head gives lies from the linear function, relative to its length: rounding, unless the head is something else than a norm and
    /// one linear layer.</summary>
    public required float Misfit { get; init; }

    /// <summary>The cosine with a unit embedding [E].</summary>
    public LinearScore Cosine(float[] embedding)
    {
        var length = TensorPrimitives.Norm<float>(read);
        var direction = new float[matrix.Length / embedding.Length];
        for (var i = 0; i < direction.Length; i++)
            direction[i] = TensorPrimitives.Dot<float>(matrix.AsSpan(i * embedding.Length, embedding.Length), embedding) * scale / length;
        return new(direction, TensorPrimitives.Dot<float>(offset, embedding) / length, TensorPrimitives.Dot<float>(read, embedding) / length);
    }

    /// <summary>The logit of a class.</summary>
    public LinearScore Class(int index)
    {
        var direction = new float[matrix.Length / read.Length];
        for (var i = 0; i < direction.Length; i++) direction[i] = matrix[i * read.Length + index] * scale;
        return new(direction, offset[index], read[index]);
    }
}
