using AttentionApi.Core.Models;
using AttentionApi.Core.Onnx;
using AttentionApi.Core.Runtime.Sessions;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace AttentionApi.Core.Runtime;

/// <summary>What the model outputs.</summary>
internal enum VisionOutputKind
{
    /// <summary>Nothing that labels could be compared with: only hidden states.</summary>
    None,
    /// <summary>An embedding [1, E] to compare with text embeddings; normalised or not, as the file has it.</summary>
    ImageEmbedding,
    /// <summary>Class logits [1, classes].</summary>
    Logits,
}

/// <summary>
/// A vision tower ready to run: its instrumented session and the facts that its graph and a first run gave. The session is safe for concurrent runs; only the
/// outputs that a run names are copied out of it.
/// </summary>
internal sealed record VisionTower : IDisposable
{
    /// <summary>The session that passed the checks; more are made from <see cref="Model"/>.</summary>
    public required InferenceSession Session { get; init; }
    public required InstrumentedModel Model { get; init; }

    /// <summary>The input takes [1, 3, height, width].</summary>
    public required string InputName { get; init; }

    /// <summary>Float or Float16.</summary>
    public required TensorElementType InputType { get; init; }
    public required PixelSize ImageSize { get; init; }

    /// <summary>The step from one patch to the next, in pixels of the model's input.</summary>
    public required PixelSize PatchSize { get; init; }

    /// <summary>The pixels of the input that any patch has, which maps cover; smaller than the input where the model drops a remainder or a margin.</summary>
    public required PixelArea PatchArea { get; init; }

    /// <summary>Which tokens are patches, and how they lie in the picture.</summary>
    public required TokenLayout Layout { get; init; }
    public required int Heads { get; init; }

    /// <summary>First layer first.</summary>
    public required IReadOnlyList<LayerOutputs> Layers { get; init; }

    /// <summary>Z_0, what enters the first layer, N·D values.</summary>
    public required TensorInfo Embeddings { get; init; }
    public required VisionOutputKind OutputKind { get; init; }

    /// <summary>The image embedding or the logits; null for <see cref="VisionOutputKind.None"/>.</summary>
    public required TensorInfo? Output { get; init; }

    /// <summary>The function by which the graph itself makes scores of its logits; null where it gives logits, or no classes.</summary>
    public ScoreKind? GraphScores { get; init; }

    /// <summary>Reads single tokens the way the head reads its own; null where <see cref="ReadOutRefusal"/> says why not.</summary>
    public required ReadOutSession? ReadOut { get; init; }
    public required string? ReadOutRefusal { get; init; }

    /// <summary>The final norm alone, for any token; null where the model does not normalise its tokens one by one.</summary>
    public required ReadOutSession? FinalNorm { get; init; }

    /// <summary>The insides of the blocks and their output projections; null where <see cref="BlocksRefusal"/> says why not.</summary>
    public required TowerBlocks? Blocks { get; init; }
    public required string? BlocksRefusal { get; init; }

    /// <summary>Why the parts of a score cannot be told apart; null where they can.</summary>
    public required string? PartsRefusal { get; init; }

    /// <summary>Pictures and tokens of a run where the file allows batches.</summary>
    public required BatchLimit Batches { get; init; }

    /// <summary>Pictures that one run may take; 1 where the export fixed the batch or pictures of a batch influence each other.</summary>
    public int LargestBatch { get; init; } = 1;

    /// <summary>What several pictures may be asked for in one run.</summary>
    public ActivationParts BatchedParts { get; init; }

    /// <summary>Sizes that pictures may have beside <see cref="ImageSize"/>; null where there are none.</summary>
    public ResolutionRange? Resolutions { get; init; }

    public int Tokens => Layout.Count;
    public long[] InputShape => [1, 3, ImageSize.Height, ImageSize.Width];

    /// <summary>The same tower on pictures of another size, of which every pixel is in a patch.</summary>
    public VisionTower At(PixelSize size)
    {
        if (size == ImageSize) return this;
        var layout = Layout with { Grid = new PatchGrid(size.Height / PatchSize.Height, size.Width / PatchSize.Width) };
        return this with
        {
            ImageSize = size,
            PatchArea = PixelArea.Of(size),
            Layout = layout,
            Layers = [.. Layers.Select(layer => layer.At(layout.Count))],
            Embeddings = Embeddings.WithTokens(layout.Count),
            Blocks = Blocks?.At(layout.Count),
            LargestBatch = LargestBatch == 1 ? 1 : Batches.Of(layout.Count),
        };
    }

    /// <summary>The same tower with the sessions beside the main one on the GPU of the pool's session at a place; not to be disposed of.</summary>
    public VisionTower On(int place) =>
        place == 0 ? this : this with { ReadOut = ReadOut?.On(place), FinalNorm = FinalNorm?.On(place), Blocks = Blocks?.On(place) };

    public void Dispose()
    {
        Session.Dispose();
        DisposeParts();
    }

    /// <summary>Frees the sessions beside the main one. They run inside leases of its pool.</summary>
    internal void DisposeParts()
    {
        ReadOut?.Dispose();
        FinalNorm?.Dispose();
        Blocks?.Dispose();
    }
}
