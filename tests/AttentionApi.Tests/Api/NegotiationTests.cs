using AttentionApi.Http;
using Microsoft.AspNetCore.Http;

namespace AttentionApi.Tests.Api;

public class NegotiationTests
{
    private static readonly (string, string)[] Offered = [("image/png", "png"), ("image/webp", "webp"), ("image/jpeg", "jpeg")];

    private static string Choose(string? accept)
    {
        var http = new DefaultHttpContext();
        if (accept is not null) http.Request.Headers.Accept = accept;
        return Negotiation.Choose(http.Request, Offered);
    }

    [Theory]
    [InlineData(null, "png")]
    [InlineData("", "png")]
    [InlineData("*/*", "png")]
    [InlineData("image/*", "png")]
    [InlineData("image/webp", "webp")]
    [InlineData("IMAGE/WEBP", "webp")]
    [InlineData("image/jpeg, image/webp;q=0.5", "jpeg")]
    [InlineData("image/png;q=0.2, image/jpeg;q=0.8, */*;q=0.1", "jpeg")]
    [InlineData("image/png;q=0, */*", "webp")]
    [InlineData("image/avif,image/webp,image/apng,image/*,*/*;q=0.8", "png")]
    [InlineData("text/html, */*;q=0.1", "png")]
    public void The_best_liked_type_is_chosen_and_the_first_of_equals(string? accept, string expected) => Assert.Equal(expected, Choose(accept));

    [Theory]
    [InlineData("text/plain")]
    [InlineData("image/gif, application/json")]
    [InlineData("image/*;q=0")]
    public void Nothing_acceptable_is_a_406(string accept) => Assert.Equal(406, Assert.Throws<ProblemException>(() => Choose(accept)).Status);
}
