using Microsoft.AspNetCore.StaticFiles;
using Microsoft.Extensions.FileProviders;
using Microsoft.Net.Http.Headers;

namespace AttentionApi.Hosting;

/// <summary>
/// The page's files, from where publishing has packed them (Precompress.targets) if the caller takes that, with entity tags that hold for what is sent.
/// </summary>
internal static class PageFiles
{
    /// <summary>Content codings of packed files by extension, the smaller one first.</summary>
    private static readonly (string Coding, string Extension)[] Packed = [("br", ".br"), ("gzip", ".gz")];

    public static void UsePage(this WebApplication app)
    {
        var files = app.Environment.WebRootFileProvider;
        app.UseDefaultFiles();
        app.Use((http, next) => HttpMethods.IsGet(http.Request.Method) ? ServeAsync(http, files, next) : RefuseVerbAsync(http, files, next));
        app.UseStaticFiles(new StaticFileOptions { ContentTypeProvider = new PackedTypes(), OnPrepareResponse = Prepare });
    }

    private static async Task ServeAsync(HttpContext http, IFileProvider files, RequestDelegate next)
    {
        CompareWeakly(http.Request.Headers);
        var path = http.Request.Path;
        // Ranges count the bytes of the unpacked file, so that a caller who unpacks nothing can join the parts.
        var accepted = http.Request.Headers.ContainsKey(HeaderNames.Range) ? [] : Accepted(http.Request);
        if (accepted.FirstOrDefault(extension => files.GetFileInfo(path + extension).Exists) is { } packed)
        {
            http.Request.Path = path + packed;
            // The compressor would pack it once more.
            http.Request.Headers.Remove(HeaderNames.AcceptEncoding);
        }
        else http.Response.OnStarting(() => Weaken(http.Response.Headers));
        try
        {
            await next(http);
        }
        finally
        {
            http.Request.Path = path;
        }
    }

    /// <summary>What is a file takes GET only, where nothing else answers.</summary>
    private static async Task RefuseVerbAsync(HttpContext http, IFileProvider files, RequestDelegate next)
    {
        await next(http);
        if (http.Response is not { StatusCode: StatusCodes.Status404NotFound, HasStarted: false }) return;
        if (!files.GetFileInfo(http.Request.Path == "/" ? "/index.html" : http.Request.Path).Exists) return;
        http.Response.StatusCode = StatusCodes.Status405MethodNotAllowed;
        http.Response.Headers.Allow = HttpMethods.Get;
    }

    /// <summary>Extensions of the codings that the caller accepts (RFC 9110, 12.5.3).</summary>
    private static string[] Accepted(HttpRequest request)
    {
        var accepted = request.GetTypedHeaders().AcceptEncoding;
        return [.. Packed.Where(packed => Quality(packed.Coding) > 0).Select(packed => packed.Extension)];

        double Quality(string coding) => (Find(coding) ?? Find("*")) is { } one ? one.Quality ?? 1 : 0;
        StringWithQualityHeaderValue? Find(string coding) => accepted.FirstOrDefault(one => one.Value.Equals(coding, StringComparison.OrdinalIgnoreCase));
    }

    private static void Prepare(StaticFileResponseContext file)
    {
        var headers = file.Context.Response.Headers;
        // Files keep their names from version to version: a browser must ask whether what it has is still right.
        headers.CacheControl = "no-cache";
        headers.Vary = HeaderNames.AcceptEncoding;
        var packed = Packed.FirstOrDefault(packed => file.File.Name.EndsWith(packed.Extension, StringComparison.Ordinal));
        if (packed.Coding is not null) headers.ContentEncoding = packed.Coding;
    }

    /// <summary>
    /// A file that is compressed while it is sent has other bytes than the file itself, so its entity tag is weak (RFC 9110, 8.8.3).
    /// </summary>
    private static Task Weaken(IHeaderDictionary headers)
    {
        if (headers.ContentEncoding.Count > 0 && headers.ETag.ToString() is ['"', ..] tag) headers.ETag = $"W/{tag}";
        return Task.CompletedTask;
    }

    /// <summary>
    /// If-None-Match compares weakly (RFC 9110, 13.1.2), and the file server strongly: tags that this server or a proxy has weakened would match nothing.
    /// </summary>
    private static void CompareWeakly(IHeaderDictionary headers)
    {
        if (headers.IfNoneMatch.Count > 0) headers.IfNoneMatch = headers.IfNoneMatch.ToString().Replace("W/\"", "\"", StringComparison.Ordinal);
    }

    /// <summary>A packed file has the media type of its content.</summary>
    private sealed class PackedTypes : IContentTypeProvider
    {
        private readonly FileExtensionContentTypeProvider types = new() { Mappings = { [".py"] = "text/x-python" } };

        public bool TryGetContentType(string subpath, out string contentType)
        {
            var extension = Packed.Select(packed => packed.Extension).FirstOrDefault(extension => subpath.EndsWith(extension, StringComparison.Ordinal)) ?? "";
            return types.TryGetContentType(subpath[..^extension.Length], out contentType!);
        }
    }
}
