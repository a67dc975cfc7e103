using System.Runtime.ExceptionServices;
using AttentionApi.Core.Loading.Gradients;
using AttentionApi.Core.Models;
using AttentionApi.Core.Models.Configuration;
using AttentionApi.Core.Models.Folders;
using AttentionApi.Core.Models.Processor;
using AttentionApi.Core.Parameters;
using AttentionApi.Core.Runtime;
using AttentionApi.Core.Runtime.Sessions;
using AttentionApi.Core.Runtime.Text;
using AttentionApi.Core.Text;

namespace AttentionApi.Core.Loading;

/// <summary>Loads a model from the models folder: towers, preprocessing, tokenizer, and the facts about it.</summary>
/// <param name="factory">Makes the sessions.</param>
/// <param name="files">Overrides the choice of files by model id.</param>
internal sealed class ModelLoader(SessionFactory factory, IReadOnlyDictionary<string, IReadOnlyList<string>> files)
{
    /// <exception cref="ModelRefusedException">The model cannot be used; the message is the reason.</exception>
    public Task<LoadedModel> LoadAsync(string id, string path, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        var folder = ModelFolder.Open(path, files.GetValueOrDefault(id), id);
        var sessions = factory.Until(cancellation);
        var towers = Towers(folder, sessions);
        try
        {
            return Task.FromResult(Assemble(folder, towers, sessions));
        }
        catch
        {
            towers.Dispose();
            throw;
        }
    }

    /// <summary>A model whose attention cannot be read still answers, and some methods need no more.</summary>
    private static ModelTowers Towers(ModelFolder folder, SessionFactory sessions)
    {
        try
        {
            return TowerLoader.Load(folder, sessions);
        }
        catch (ModelRefusedException refused) when (!refused.MayPass)
        {
            try
            {
                return TowerLoader.Load(folder, sessions, refused.Message);
            }
            catch (Exception second) when (second is ModelRefusedException or ModelRunException)
            {
                // The first reason says what is wrong with the model; the second only follows from it.
                ExceptionDispatchInfo.Throw(refused);
                throw;
            }
        }
    }

    private LoadedModel Assemble(ModelFolder folder, ModelTowers towers, SessionFactory sessions)
    {
        var warnings = new List<string>(towers.Warnings);
        var vision = towers.Vision;
        var preprocessing = PreprocessorConfig.Read(folder.VisionConfig, vision.ImageSize, warnings);
        var (tokenizer, textMissing) = OpenTokenizer(folder, towers);
        var facts = Facts(folder, towers, textMissing, warnings) with { Preparation = preprocessing.Describe() };

        var text = facts.Text ? Text(folder, towers.Text!, tokenizer!, sessions, facts.TextGradients) : null;
        if (text is null) towers.Text?.Dispose();
        var gradients = new MadeOnce<TowerGradients>(_ => Task.FromResult(GradientLoader.Open(factory, vision, facts.Gradients)));
        var onDevices = DeviceForwardLoader.Open(vision, sessions);
        try
        {
            var forward = new ForwardPass(folder.Id, vision, sessions.Pool(vision.Session, vision.Model, vision.Tokens), onDevices);
            return new LoadedModel(facts, preprocessing, forward, gradients, text);
        }
        catch
        {
            foreach (var onDevice in onDevices) onDevice.Dispose();
            throw;
        }
    }

    private LoadedText Text(ModelFolder folder, TextTower tower, Tokenizer tokenizer, SessionFactory sessions, GradientFacts gradients) => new(
        new TextEncoder(tower, new SessionPool([tower.Session], sessions.RunsPerSession), tokenizer, KnownWords.Open(folder.TextConfig)),
        new MadeOnce<TowerGradients>(_ => Task.FromResult(GradientLoader.Open(factory, tower, gradients))));

    private static (Tokenizer? Tokenizer, string? Missing) OpenTokenizer(ModelFolder folder, ModelTowers towers)
    {
        if (towers.Text is not { } text) return (null, "it has no text tower");
        if (folder.TextConfig == ConfigFiles.None) return (null, "a bare file has no tokenizer beside it; put it into a folder with tokenizer.json");
        try
        {
            var tokenizer = TokenizerFactory.Open(folder.TextConfig, text.FixedLength ?? towers.Config.TextLength);
            // The start and end tokens are enough to find a tokenizer of another model: their ids differ.
            text.Encode([tokenizer.Encode("", out _)], tokenizer.PadId);
            return (tokenizer, null);
        }
        catch (ModelRunException failure) when (!OrtErrors.MayPass(failure))
        {
            return (null, $"the text tower fails on the tokenizer's own start and end tokens, as it does where the tokenizer belongs to another model "
                + $"({failure.Message})");
        }
        catch (ModelRefusedException reason) when (!reason.MayPass)
        {
            return (null, reason.Message);
        }
    }

    private ModelFacts Facts(ModelFolder folder, ModelTowers towers, string? textMissing, List<string> warnings)
    {
        var (vision, config) = (towers.Vision, towers.Config);
        var takesText = vision.OutputKind == VisionOutputKind.ImageEmbedding && textMissing is null;
        var scores = ModelScores.KindOf(towers, takesText, warnings);
        if (scores == ScoreKind.None && towers.Text is not null) warnings.Add($"Text labels are not offered: {textMissing}");
        if (vision.ReadOut is { FirstOfTwoHeads: true })
            warnings.Add("The logits are the mean of two heads (distillation); alignment reads the class token's head, so its last trajectory value is not "
                + "the logit.");
        var (scale, bias) = takesText ? ModelScores.Constants(towers, scores, warnings) : (null, null);
        var classes = vision.OutputKind == VisionOutputKind.Logits ? vision.Output!.Count : 0;
        return new ModelFacts
        {
            Id = folder.Id,
            Family = config.Family ?? "unknown",
            Layers = vision.Layers.Count,
            Heads = vision.Heads,
            Width = vision.Layers is [.., var last] ? (int)last.HiddenState.Shape[^1] : 0,
            Tokens = vision.Layout,
            ImageSize = vision.ImageSize,
            PatchSize = vision.PatchSize,
            PatchArea = vision.PatchArea,
            Resolutions = vision.Resolutions,
            Scores = scores,
            ClassNames = classes > 0 ? ClassNames(config, classes, warnings) : null,
            LogitScale = scale,
            LogitBias = bias,
            TextMissing = takesText ? null : textMissing ?? "it has no text tower",
            AttentionMissing = towers.AttentionMissing,
            AlignmentMissing = AlignmentMissing(scores, vision),
            BlocksMissing = vision.BlocksRefusal,
            PartsMissing = AlignmentMissing(scores, vision) ?? vision.PartsRefusal,
            KeysMissing = vision.BlocksRefusal
                ?? (vision.Blocks?.Tensors.LastKeys is null ? "the last layer's keys enter their product in a form that is not read" : null),
            Gradients = scores == ScoreKind.None ? GradientFacts.None : towers.Gradients,
            TextGradients = takesText ? towers.TextGradients : GradientFacts.NoText,
            Precision = towers.Precision.Word(),
            Provider = factory.Provider,
            Sites = towers.Sites,
            Sha256 = vision.Model.SourceSha256,
            Domain = folder.Domain,
            Warnings = warnings,
            ChoosesFiles = folder.ChoosesFiles,
        };
    }

    private static string? AlignmentMissing(ScoreKind scores, VisionTower vision) =>
        scores == ScoreKind.None ? "the model has neither a class head nor a text tower to compare patches with" : vision.ReadOutRefusal;

    private static IReadOnlyList<string> ClassNames(ModelConfig config, int classes, List<string> warnings)
    {
        if (config.Labels is { } names && names.Count == classes) return names;
        warnings.Add(config.Labels is { } others
            ? $"The model's files name {others.Count} classes but it has {classes}: classes are called by their index."
            : "No file names the classes: they are called by their index. Add a config.json with id2label, or a labels.txt with a line a class.");
        return [.. Enumerable.Range(0, classes).Select(index => index.ToString(System.Globalization.CultureInfo.InvariantCulture))];
    }
}
