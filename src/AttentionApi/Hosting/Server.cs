using AttentionApi.Hosting.Limits;
using AttentionApi.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Options;

namespace AttentionApi.Hosting;

/// <summary>Kestrel: where it listens, what it refuses by itself, and how it stops.</summary>
internal static class Server
{
    private const string DefaultUrl = "http://localhost:5080";

    /// <summary>A longer request line is a 414; Kestrel itself reads twice as much, so that the refusal can say why.</summary>
    private const int MaxRequestLine = 64 * 1024;

    /// <summary>Request method, target and version are parted by spaces and ended by CR LF.</summary>
    private const int AroundTarget = 13;

    private static readonly string[] WhereToListen = ["urls", "http_ports", "https_ports", "Kestrel:Endpoints"];

    /// <summary>What Kestrel reads ahead of a body that nobody reads yet, on each connection; by default a mebibyte.</summary>
    private const int ReadAhead = 2 * MaxRequestLine;

    public static void AddServer(this WebApplicationBuilder builder)
    {
        builder.Services.AddSection<LimitsOptions>("Limits")
            .Validate(limits => limits.UploadBytes >= 2 * limits.MaxBodyBytes,
                "Limits:UploadBytes must be at least twice Limits:MaxBodyBytes, or no body of that size could be taken.");
        builder.Services.AddOptions<KestrelServerOptions>().Configure<IOptions<LimitsOptions>>((kestrel, limits) =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestLineSize = 2 * MaxRequestLine;
            kestrel.Limits.MaxRequestBodySize = limits.Value.MaxBodyBytes;
            kestrel.Limits.MinRequestBodyDataRate = kestrel.Limits.MinResponseDataRate = new MinDataRate(limits.Value.MinBytesPerSecond, LimitsOptions.Grace);
            kestrel.Limits.MaxConcurrentConnections = limits.Value.MaxConnections;
            kestrel.Limits.MaxRequestBufferSize = ReadAhead;
            kestrel.TakeAnyLanguage();
        });
        builder.Services.AddOptions<HostOptions>().Configure<IOptions<LimitsOptions>>((host, limits) =>
            host.ShutdownTimeout = limits.Value.RequestTime + LimitsOptions.Grace);
        builder.Services.AddDrain();
        if (!SaysWhereToListen(builder.Configuration)) builder.WebHost.UseUrls(DefaultUrl);
    }

    private static bool SaysWhereToListen(ConfigurationManager configuration) =>
        WhereToListen.Any(key => configuration.GetSection(key) is var section && (!string.IsNullOrEmpty(section.Value) || section.GetChildren().Any()));

    public static void UseRequestLineLimit(this WebApplication app) => app.Use((http, next) =>
    {
        var target = http.Request.Path.Value!.Length + (http.Request.QueryString.Value?.Length ?? 0);
        return http.Request.Method.Length + target + AroundTarget <= MaxRequestLine ? next(http)
            : throw new ProblemException(StatusCodes.Status414UriTooLong, "The request line is longer than 64 KiB; send fewer or shorter labels and prompts.");
    });
}
