using System.Text;
using AttentionApi.Hosting.Limits;
using AttentionApi.Http;
using Microsoft.AspNetCore.Http;

namespace AttentionApi.Tests.Api;

public class PictureBodyTests
{
    private const int Limit = 1000;
    private static readonly byte[] Picture = [.. Enumerable.Range(0, 300).Select(i => (byte)i)];

    private static async Task<byte[]> ReadAsync(HttpContent? content, bool announced = true) =>
        Assert.Single((await BodyAsync(content, announced)).Pictures).Bytes.ToArray();

    private static async Task<PictureBody> BodyAsync(HttpContent? content, bool announced = true, int mostPictures = 1)
    {
        var http = new DefaultHttpContext();
        if (content is not null)
        {
            http.Request.Body = await content.ReadAsStreamAsync(TestContext.Current.CancellationToken);
            http.Request.ContentType = content.Headers.NonValidated.TryGetValues("Content-Type", out var type) ? type.ToString() : null;
            http.Request.ContentLength = announced ? content.Headers.ContentLength : null;
        }
        using var upload = new Upload(new ByteBudget(1 << 20), Limit);
        return await PictureBody.ReadAsync(http.Request, Limit, mostPictures, upload.ReadAsync, TestContext.Current.CancellationToken);
    }

    private static async Task<ProblemException> RefusedAsync(HttpContent? content, bool announced = true) =>
        await Assert.ThrowsAsync<ProblemException>(() => ReadAsync(content, announced));

    [Fact]
    public async Task Form_and_raw_body_give_the_same_bytes()
    {
        Assert.Equal(Picture, await ReadAsync(Pictures.Raw(Picture)));
        Assert.Equal(Picture, await ReadAsync(Pictures.Form(Picture)));
        Assert.Equal(Picture, await ReadAsync(Pictures.Raw(Picture, "image/x-unheard-of"), announced: false));
    }

    [Fact]
    public async Task A_missing_picture_is_a_400_on_image()
    {
        foreach (var nothing in new HttpContent?[] { null, Pictures.Raw([]), Pictures.Form([]), new MultipartFormDataContent() })
        {
            var problem = await RefusedAsync(nothing);
            Assert.Equal((400, "image"), (problem.Status, problem.Parameter));
        }
    }

    [Fact]
    public async Task Other_fields_of_the_form_are_texts_before_and_behind_the_picture()
    {
        using var form = new MultipartFormDataContent { { new StringContent("Кот, пёс"), "labels" }, { Pictures.Raw(Picture), "image", "a.png" },
            { new StringContent("mean"), "query" }, { new StringContent("rain"), "labels" } };
        var body = await BodyAsync(form);
        Assert.Equal(Picture, Assert.Single(body.Pictures).Bytes.ToArray());
        Assert.Equal((IEnumerable<string?>)["Кот, пёс", "rain"], body.Fields["labels"]);
        Assert.Equal("mean", body.Fields["QUERY"].ToString());
    }

    [Fact]
    public async Task A_file_in_another_field_is_a_400_that_says_where_it_belongs()
    {
        using var form = Pictures.Form(Picture, "file");
        var problem = await RefusedAsync(form);
        Assert.Equal((400, "file"), (problem.Status, problem.Parameter));
        Assert.Contains("'image'", problem.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Texts_that_are_not_UTF8_or_too_long_are_refused()
    {
        using var latin = Pictures.Form(Picture);
        latin.Add(new ByteArrayContent([0xE9]), "labels");
        Assert.Equal(400, (await RefusedAsync(latin)).Status);

        using var large = Pictures.Form(Picture);
        large.Add(new ByteArrayContent(new byte[70_000]), "labels");
        Assert.Equal(413, (await RefusedAsync(large, announced: false)).Status);
    }

    [Fact]
    public async Task Two_pictures_are_a_400()
    {
        using var form = Pictures.Form(Picture);
        form.Add(Pictures.Raw(Picture), "image", "b.png");
        Assert.Equal(400, (await RefusedAsync(form)).Status);
    }

    [Fact]
    public async Task Several_pictures_keep_their_order_and_names_and_one_too_many_is_a_400()
    {
        using var form = Several();
        var body = await BodyAsync(form, mostPictures: 2);
        Assert.Equal([(300, "été.png"), (2, "b.png")], body.Pictures.Select(picture => (picture.Bytes.Length, picture.FileName)));
        using var larger = Several();
        larger.Add(Pictures.Raw([3]), "image", "c.png");
        var problem = await Assert.ThrowsAsync<ProblemException>(() => BodyAsync(larger, mostPictures: 2));
        Assert.Equal((400, "image"), (problem.Status, problem.Parameter));
        Assert.Contains("Limits:MaxPictures", problem.Message, StringComparison.Ordinal);

        static MultipartFormDataContent Several() => new() { { Pictures.Raw(Picture), "image", "été.png" }, { Pictures.Raw([1, 2]), "image", "b.png" } };
    }

    /// <summary>Names are held until the form has ended, and empty fields too.</summary>
    [Theory, InlineData(9, 8000), InlineData(5000, 0)]
    public async Task Names_of_fields_count_as_their_text(int fields, int length)
    {
        using var form = new MultipartFormDataContent();
        for (var field = 0; field < fields; field++) form.Add(new StringContent(""), $"f{field}{new string('x', length)}");
        var problem = await RefusedAsync(form, announced: false);
        Assert.Equal(413, problem.Status);
        Assert.Contains("parameters in the form are longer than 64 KiB", problem.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_body_over_the_limit_is_a_413_whether_it_is_announced_or_not()
    {
        var large = new byte[Limit + 1];
        Assert.Equal(413, (await RefusedAsync(Pictures.Raw(large))).Status);
        Assert.Equal(413, (await RefusedAsync(Pictures.Raw(large), announced: false)).Status);
        Assert.Equal(413, (await RefusedAsync(Pictures.Form(large), announced: false)).Status);
    }

    [Theory, InlineData(true), InlineData(false)]
    public async Task A_body_whose_type_says_nothing_is_the_picture_itself(bool announced)
    {
        Assert.Equal(Picture, await ReadAsync(Pictures.Raw(Picture, "application/octet-stream"), announced));
        // As curl --data-binary, wget --post-file and axios send bytes.
        Assert.Equal(Picture, await ReadAsync(Pictures.Raw(Picture, "application/x-www-form-urlencoded"), announced));
        Assert.Equal(Picture, await ReadAsync(new ByteArrayContent(Picture), announced));
    }

    [Theory]
    [InlineData("gzip"), InlineData("br"), InlineData("deflate, gzip")]
    public async Task A_compressed_body_is_a_415_that_says_so(string coding)
    {
        var http = new DefaultHttpContext();
        http.Request.Body = new MemoryStream(Picture);
        (http.Request.ContentType, http.Request.ContentLength, http.Request.Headers.ContentEncoding) = ("image/png", Picture.Length, coding);
        using var upload = new Upload(new ByteBudget(1 << 20), Limit);
        var problem = await Assert.ThrowsAsync<ProblemException>(() =>
            PictureBody.ReadAsync(http.Request, Limit, 1, upload.ReadAsync, TestContext.Current.CancellationToken));
        Assert.Equal(415, problem.Status);
        Assert.Contains($"compressed (Content-Encoding: {coding})", problem.Message, StringComparison.Ordinal);
        http.Request.Headers.ContentEncoding = "identity";
        Assert.Equal(Picture, (await PictureBody.ReadAsync(http.Request, Limit, 1, upload.ReadAsync, TestContext.Current.CancellationToken))
            .Pictures[0].Bytes.ToArray());
    }

    [Theory]
    [InlineData("application/json")]
    [InlineData("text/plain")]
    [InlineData("nonsense")]
    public async Task Another_kind_of_body_is_a_415(string type)
    {
        var content = new ByteArrayContent(Picture);
        content.Headers.TryAddWithoutValidation("Content-Type", type);
        Assert.Equal(415, (await RefusedAsync(content)).Status);
    }

    [Theory]
    [InlineData("multipart/form-data", "--x\r\n")]
    [InlineData("multipart/form-data; boundary=x", "no boundary at all")]
    [InlineData("multipart/form-data; boundary=x", "--x\r\nContent-Disposition: form-data; name=\"image\"; filename=\"a\"\r\n\r\nbroken off")]
    public async Task A_malformed_form_is_a_400(string type, string body)
    {
        var content = new ByteArrayContent(Encoding.ASCII.GetBytes(body));
        content.Headers.TryAddWithoutValidation("Content-Type", type);
        var problem = await RefusedAsync(content);
        Assert.Equal((400, "image"), (problem.Status, problem.Parameter));
    }
}
