using AttentionApi.Core.Models.Json;

namespace AttentionApi.Core.Text;

/// <summary>The ids that the <c>post_processor</c> of tokenizer.json puts before and after a text.</summary>
internal sealed record SpecialTokens(IReadOnlyList<int> Before, IReadOnlyList<int> After)
{
    public int Count => Before.Count + After.Count;

    public static SpecialTokens Read(JsonPart? postProcessor)
    {
        var all = new SpecialTokens([], []);
        foreach (var step in postProcessor?.Steps("processors") ?? [])
        {
            var own = ReadStep(step);
            all = new([.. own.Before, .. all.Before], [.. all.After, .. own.After]);
        }
        return all;
    }

    private static SpecialTokens ReadStep(JsonPart step) => step.Type switch
    {
        "ByteLevel" => new([], []),
        // Both write [text, id].
        "BertProcessing" or "RobertaProcessing" => new([IdOfPair(step["cls"])], [IdOfPair(step["sep"])]),
        "TemplateProcessing" => ReadTemplate(step),
        var other => throw step.Refused($"of type '{other}' is not supported"),
    };

    private static SpecialTokens ReadTemplate(JsonPart template)
    {
        var known = template["special_tokens"];
        List<int> before = [], after = [];
        var sequences = 0;
        foreach (var part in template["single"].Items)
        {
            if (part.Find("SpecialToken") is { } token) (sequences == 0 ? before : after).AddRange(known[token["id"].Text]["ids"].Items.Select(id => id.Id));
            else if (part["Sequence"]["id"].Text == "A") sequences++;
        }
        return sequences == 1 ? new(before, after) : throw template.Refused("must name the sequence A once in 'single'");
    }

    private static int IdOfPair(JsonPart pair) =>
        pair.Items.ToList() is [_, var id] ? id.Id : throw pair.Refused("must be a list of a text and an id");
}
