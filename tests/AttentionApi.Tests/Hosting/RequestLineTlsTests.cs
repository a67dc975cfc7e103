using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using AttentionApi.Core.Runtime.Sessions;
using AttentionApi.Hosting;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Extensions;
using Microsoft.Extensions.Logging;

namespace AttentionApi.Tests.Hosting;

/// <summary>Letters as they are in the request line of an encrypted connection.</summary>
public sealed class RequestLineTlsTests : IAsyncLifetime
{
    private const int Line = 8192;

    private readonly X509Certificate2 certificate = Certificate();
    private WebApplication server = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel =>
        {
            kestrel.Limits.MaxRequestLineSize = Line;
            kestrel.TakeAnyLanguage();
            kestrel.Listen(IPAddress.Loopback, 0, endpoint => endpoint.UseHttps(certificate));
        });
        server = builder.Build();
        server.UseRequestLines();
        server.Run(async http =>
        {
            var length = 0;
            var buffer = new byte[4096];
            while (await http.Request.Body.ReadAsync(buffer, Cancellation) is > 0 and var read) length += read;
            await http.Response.WriteAsync($"{http.Request.GetEncodedPathAndQuery()} {length};", Cancellation);
        });
        await server.StartAsync(Cancellation);
    }

    public async ValueTask DisposeAsync()
    {
        await server.DisposeAsync();
        certificate.Dispose();
    }

    [Theory, InlineData(1), InlineData(100), InlineData(int.MaxValue)]
    public async Task They_are_taken_in_whatever_pieces_they_come_also_behind_a_body(int piece)
    {
        var body = RandomNumberGenerator.GetBytes(700);
        byte[] sent = [.. Head("POST /a?labels=Кот", $"Content-Length: {body.Length}\r\n"), .. body, .. Head("GET /猫"),
            .. Head("GET /b", "Connection: close\r\n")];

        using var caller = new TcpClient();
        await caller.ConnectAsync(IPAddress.Loopback, Address.Port, Cancellation);
        await using var stream = new SslStream(caller.GetStream(), false, IsOurs);
        await stream.AuthenticateAsClientAsync("localhost");
        for (var at = 0; at < sent.Length; at += Math.Min(piece, sent.Length - at))
            await stream.WriteAsync(sent.AsMemory(at, Math.Min(piece, sent.Length - at)), Cancellation);
        using var answers = new StreamReader(stream);
        var text = await answers.ReadToEndAsync(Cancellation);

        string[] expected = ["/a?labels=%D0%9A%D0%BE%D1%82 700;", "/%E7%8C%AB 0;", "/b 0;"];
        Assert.Equal(3, text.Split("HTTP/1.1 200").Length - 1);
        Assert.All(expected, answer => Assert.Contains(answer, text, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Frames_of_HTTP_2_are_not_touched()
    {
        using var handler = new SocketsHttpHandler { SslOptions = { RemoteCertificateValidationCallback = IsOurs } };
        using var client = new HttpClient(handler)
            { BaseAddress = Address, DefaultRequestVersion = HttpVersion.Version20, DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact };
        foreach (var length in (int[])[0, 1, 300, 40_000, 5])
        {
            using var body = new ByteArrayContent(Encoding.UTF8.GetBytes(new string('é', length)));
            using var answer = await client.PostAsync($"/x?length={length}", body, Cancellation);
            Assert.Equal($"/x?length={length} {2 * length};", await answer.Content.ReadAsStringAsync(Cancellation));
        }
    }

    private bool IsOurs(object sender, X509Certificate? given, X509Chain? chain, SslPolicyErrors errors) =>
        given?.GetCertHashString() == certificate.Thumbprint;

    private Uri Address => new(server.Urls.Single());

    private static byte[] Head(string line, string headers = "") => Encoding.UTF8.GetBytes($"{line} HTTP/1.1\r\nHost: localhost\r\n{headers}\r\n");

    private static X509Certificate2 Certificate()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        return new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256)
            .CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
    }
}
