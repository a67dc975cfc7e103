using AttentionApi.Cli;
using AttentionApi.Endpoints;
using AttentionApi.Endpoints.Agents;
using AttentionApi.Hosting;
using AttentionApi.Hosting.Models;
using AttentionApi.Hosting.Security;
using AttentionApi.Http;
using AttentionApi.Http.OpenApi;

// A verb goes to the command line, and so do these questions; otherwise the program serves, and options go on to configuration.
if (args is [[not '-', ..], ..] or ["--version" or "--help" or "-h"]) return await Commands.RunAsync(args);

foreach (var note in ServeOptions.Unknown(args)) await Console.Error.WriteLineAsync(note);
return await Startup.RunAsync(async () =>
{
    // The program's folder holds page, settings and embedded model, wherever the caller stands.
    var builder = WebApplication.CreateBuilder(new WebApplicationOptions { Args = args, ContentRootPath = AppContext.BaseDirectory });
    builder.AddRequestLog();
    builder.AddServer();
    builder.AddCompression();
    builder.AddSecurity();
    builder.AddModels();
    builder.AddExplanations();
    builder.AddAgents();
    builder.AddOpenApiDocument();
    builder.AddTelemetry();

    // Disposed of where the setup fails, too: a program that ends while ONNX Runtime loads a model crashes.
    await using var app = builder.Build();
    app.OpenModels();
    app.UseRequestLines();
    app.UseTrustedProxies();
    app.UseServerTiming();
    app.UseRequestLog();
    app.UseSecurityHeaders();
    app.UseHeadAsGet();
    app.UseMiddleware<Problems>();
    app.UseLocalOnly();
    app.UseDrain();
    app.UseRequestLineLimit();
    app.UseResponseCompression();
    app.UsePage();
    app.UseKeysEverywhere();
    app.UseSwaggerPage();
    app.UseRouting();
    app.UseSecurity();
    app.UseAgentLimits();

    app.MapOpenApiDocument();
    app.MapHealth();
    app.MapMetrics();
    app.MapApi();
    app.MapAgents();

    await app.RunAsync();
});

/// <summary>The entry point, visible to WebApplicationFactory.</summary>
public partial class Program;
