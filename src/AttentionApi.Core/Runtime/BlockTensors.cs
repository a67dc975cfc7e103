using AttentionApi.Core.Onnx;
using AttentionApi.Core.Runtime.Sessions;

namespace AttentionApi.Core.Runtime;

/// <summary>Queries, keys or values of one layer, as the session gives them for one picture.</summary>
/// <param name="Tensor">Name, type and shape.</param>
/// <param name="Order">Which axis is which.</param>
/// <param name="Heads">H.</param>
/// <param name="Width">Width of one head.</param>
/// <param name="Bias">What the operator adds itself, [head, width]; null where nothing is added.</param>
internal sealed record OperandInfo(TensorInfo Tensor, OperandOrder Order, int Heads, int Width, float[]? Bias)
{
    public int Tokens => Tensor.Count / Heads / Width;

    /// <summary>The same for another number of tokens.</summary>
    public OperandInfo At(int tokens)
    {
        var shape = Tensor.Shape.ToArray();
        var axis = Order switch
        {
            OperandOrder.HeadTokenWidth => shape.Length - 2,
            OperandOrder.HeadWidthToken => shape.Length - 1,
            _ => Array.LastIndexOf(shape, Tokens, shape.Length - 2),
        };
        shape[axis] = tokens;
        return this with { Tensor = Tensor.At(shape) };
    }

    /// <summary>Puts a value of this tensor into the one order that is used from here on: [head, token, width], bias added.</summary>
    public void Arrange(ReadOnlySpan<float> values, Span<float> target)
    {
        var (tokens, width) = (Tokens, Width);
        if (Order == OperandOrder.HeadTokenWidth) values.CopyTo(target);
        for (var head = 0; head < Heads; head++)
        {
            for (var token = 0; token < tokens; token++)
            {
                var row = target.Slice((head * tokens + token) * width, width);
                if (Order == OperandOrder.TokenHeadWidth) values.Slice((token * Heads + head) * width, width).CopyTo(row);
                else if (Order == OperandOrder.HeadWidthToken) for (var k = 0; k < width; k++) row[k] = values[(head * width + k) * tokens + token];
                if (Bias is not null) for (var k = 0; k < width; k++) row[k] += Bias[head * width + k];
            }
        }
    }
}

/// <summary>
/// The insides of a tower's blocks: every tensor is one that the forward pass computes anyway, so that it costs nothing until it is fetched.
/// </summary>
internal sealed record BlockTensors
{
    /// <summary>Z_l + attention, before the feed-forward part, N·D values; first layer first.</summary>
    public required IReadOnlyList<TensorInfo> AfterAttention { get; init; }

    /// <summary>What each layer's probabilities mix.</summary>
    public required IReadOnlyList<OperandInfo> Values { get; init; }

    /// <summary>Of the last layer, unscaled; null where they cannot be fetched.</summary>
    public required OperandInfo? LastQueries { get; init; }

    /// <summary>Of the last layer, unscaled; null where they cannot be fetched.</summary>
    public required OperandInfo? LastKeys { get; init; }

    /// <summary>The same for another number of tokens.</summary>
    public BlockTensors At(int tokens) => new()
    {
        AfterAttention = [.. AfterAttention.Select(state => state.WithTokens(tokens))],
        Values = [.. Values.Select(operand => operand.At(tokens))],
        LastQueries = LastQueries?.At(tokens),
        LastKeys = LastKeys?.At(tokens),
    };
}

/// <summary>What the methods that look into blocks work with. What is costly to make is made when first needed, and kept.</summary>
/// <param name="tensors">What a run can be asked for.</param>
/// <param name="projections">What takes mixed values to the hidden states.</param>
/// <param name="readOut">Final norm and head; null where they read more than one token.</param>
/// <param name="factory">Makes the session that mixes tokens anew.</param>
/// <param name="native">The blocks of which these are the same at another size or on another GPU; null for the model's own.</param>
/// <param name="place">The place of the pool's session beside which they run.</param>
internal sealed class TowerBlocks(BlockTensors tensors, OutputProjections projections, ReadOutSession? readOut, SessionFactory factory,
    TowerBlocks? native = null, int place = 0) : IDisposable
{
    private readonly Lazy<TokenMixSession>[] mixes = native?.mixes ?? [.. Enumerable.Range(0, factory.Devices).Select(device =>
        new Lazy<TokenMixSession>(() => new(factory, device), LazyThreadSafetyMode.PublicationOnly))];
    private readonly Lazy<LinearHead> head = native?.head ?? new(() => LinearHead.Measure(readOut!), LazyThreadSafetyMode.PublicationOnly);

    /// <summary>The same blocks for another number of tokens; not to be disposed of.</summary>
    public TowerBlocks At(int tokens) => new(tensors.At(tokens), projections, readOut, factory, this, place);

    /// <summary>The same blocks on the GPU of the pool's session at a place; not to be disposed of.</summary>
    public TowerBlocks On(int other) => new(tensors, projections, readOut, factory, this, other);

    public BlockTensors Tensors => tensors;
    public OutputProjections Projections => projections;

    /// <summary>Only where there is a read-out.</summary>
    public LinearHead Head => head.Value;

    internal TokenMixSession Mix => mixes[place % mixes.Length].Value;

    public void Dispose()
    {
        foreach (var mix in mixes.Where(mix => mix.IsValueCreated)) mix.Value.Dispose();
    }
}
