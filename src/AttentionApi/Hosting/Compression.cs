using System.IO.Compression;
using Microsoft.AspNetCore.ResponseCompression;

namespace AttentionApi.Hosting;

/// <summary>
/// Compresses JSON and the page's files for callers that accept it. Pictures are compressed already, and tensors are random numbers to a compressor.
/// </summary>
internal static class Compression
{
    private static readonly string[] Types =
    [
        "application/json", "text/html", "text/css", "text/javascript", "application/javascript", "image/svg+xml", "text/plain",
    ];

    public static void AddCompression(this WebApplicationBuilder builder)
    {
        builder.Services.AddResponseCompression(options =>
        {
            // Answers hold no secrets but what the caller sent, so that compression over TLS reveals nothing (BREACH).
            options.EnableForHttps = true;
            options.MimeTypes = Types;
        });
        builder.Services.Configure<BrotliCompressionProviderOptions>(options => options.Level = CompressionLevel.Fastest);
        builder.Services.Configure<GzipCompressionProviderOptions>(options => options.Level = CompressionLevel.Fastest);
    }
}
