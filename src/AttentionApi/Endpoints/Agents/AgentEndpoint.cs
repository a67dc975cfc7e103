using System.Runtime.InteropServices;
using System.Text.Json;
using AttentionApi.Hosting;
using AttentionApi.Hosting.Limits;
using AttentionApi.Hosting.Security;
using AttentionApi.Http;
using ModelContextProtocol.Protocol;

namespace AttentionApi.Endpoints.Agents;

/// <summary>Tools for agents by the Model Context Protocol, stateless, under the keys and limits of the API.</summary>
internal static class AgentEndpoint
{
    /// <summary>A body is held as JSON, as its text and as the picture in it.</summary>
    private const int CopiesOfBody = 3;

    /// <summary>Words, numbers and brackets of a call's JSON at most. The library holds each many times as large as it is written, and a call needs a few for
    /// every label and parameter.</summary>
    private const int MostTokens = 20_000;

    public static void AddAgents(this WebApplicationBuilder builder)
    {
        builder.Services.AddSection<McpOptions>("Mcp");
        if (!builder.Configuration.GetValue<bool>("Mcp:Enabled")) return;
        builder.Services.AddHttpContextAccessor();
        builder.Services.AddMcpServer(server => server.ServerInfo = new Implementation { Name = "AttentionApi", Version = ServiceVersion.Text })
            .WithHttpTransport(transport => transport.Stateless = true)
            .WithRequestFilters(filters => filters.AddCallToolFilter(AgentArguments.Checked))
            .WithTools<AgentTools>();
    }

    public static void MapAgents(this WebApplication app)
    {
        if (!app.Services.Value<McpOptions>().Enabled) return;
        app.MapMcp(BasePath.Agents).RequireApiKey(app.Services);
    }

    /// <summary>The protocol's library would read a body however long it takes: it gets one that came within time and memory for uploads.</summary>
    public static void UseAgentLimits(this WebApplication app)
    {
        if (!app.Services.Value<McpOptions>().Enabled) return;
        var uploads = app.Services.GetRequiredService<Uploads>();
        app.UseWhen(http => http.Request.Path.StartsWithSegments(BasePath.Agents), agents => agents.Use(async (http, next) =>
        {
            using var upload = uploads.Begin();
            var body = await uploads.ReadInTimeAsync(http, cancellation => upload.ReadAsync(http.Request.Body, cancellation));
            upload.Hold((CopiesOfBody - 1) * (long)body.Length);
            ThrowIfManyTokens(body.Span);
            MemoryMarshal.TryGetArray(body, out var bytes);
            http.Request.Body = new MemoryStream(bytes.Array!, bytes.Offset, bytes.Count, writable: false);
            await next(http);
        }));
    }

    private static void ThrowIfManyTokens(ReadOnlySpan<byte> json)
    {
        var reader = new Utf8JsonReader(json);
        try
        {
            for (var tokens = 0; reader.Read(); tokens++)
            {
                if (tokens == MostTokens)
                    throw new ProblemException(StatusCodes.Status413PayloadTooLarge,
                        "The call's JSON has too many values; send the picture as one text in base64, and fewer labels.");
            }
        }
        catch (JsonException)
        {
            // The protocol's library answers what is no JSON.
        }
    }
}
