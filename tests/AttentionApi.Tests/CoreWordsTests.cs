using System.Reflection.Metadata;
using System.Reflection.Metadata.Ecma335;
using System.Reflection.PortableExecutable;
using System.Text.RegularExpressions;
using AttentionApi.Core;

namespace AttentionApi.Tests;

/// <summary>Programs without a web server and without settings read what Core says, too.</summary>
public sealed partial class CoreWordsTests
{
    [Fact]
    public void No_text_of_Core_names_a_setting_a_path_or_an_option_of_the_host()
    {
        string[] texts = [.. Texts()];
        Assert.Contains(texts, text => text.Contains("Take another method or model", StringComparison.Ordinal));
        Assert.Empty(texts.SelectMany(text => OfTheHost().Matches(text)).Select(match => match.Value));
    }

    /// <summary>Every literal in the code of the compiled library.</summary>
    private static IEnumerable<string> Texts()
    {
        using var file = new PEReader(File.OpenRead(typeof(ModelLibrary).Assembly.Location));
        var reader = file.GetMetadataReader();
        for (var at = MetadataTokens.UserStringHandle(1); !at.IsNil; at = reader.GetNextHandle(at)) yield return reader.GetUserString(at);
    }

    [GeneratedRegex(@"\b(Models|Limits|Inference|Cache|Security|Mcp):|/api/|/models\b|/methods\b|/explain\b|demo-clip"
        + @"|(^|\s)--[a-z-]+(?![a-z-]*:)|HTTP|\bserver\b")]
    private static partial Regex OfTheHost();
}
