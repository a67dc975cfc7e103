using AttentionApi.Core.Text;

namespace AttentionApi.Tests.Text;

public sealed class PromptTemplateTests
{
    [Theory]
    [InlineData("a photo of a {}", "cat", "a photo of a cat")]
    [InlineData("{}", "cat", "cat")]
    [InlineData("{} and more", "a {0} {} cat", "a {0} {} cat and more")]
    public void The_label_takes_the_place_of_the_braces(string template, string label, string expected) =>
        Assert.Equal(expected, new PromptTemplate(template).Fill(label));

    [Theory]
    [InlineData("a photo of a cat")]
    [InlineData("a photo of a { }")]
    [InlineData("")]
    [InlineData("{} and {}")]
    public void A_template_without_one_place_for_the_label_is_refused_in_words(string template)
    {
        var error = Assert.Throws<ArgumentException>(() => new PromptTemplate(template));
        Assert.Equal($"The prompt '{template}' must have {{}} once, where the label goes, as in 'a photo of a {{}}'.", error.Message);
    }
}
