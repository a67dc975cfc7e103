using AttentionApi.Hosting;

namespace AttentionApi.Tests.Hosting;

public class ServeOptionsTests
{
    [Theory]
    [InlineData("--url=http://localhost:1", "note: '--url' is no setting and has no effect; the nearest is '--urls'.")]
    [InlineData("--Limit:MaxConcurrent=4", "note: '--Limit' is no setting and has no effect; the nearest is '--Limits'.")]
    [InlineData("--directory", "note: '--directory' is no setting and has no effect; docs/configuration.md lists them; "
        + "--urls http://localhost:5080 says where to listen.")]
    public void An_option_without_effect_is_named(string option, string note) => Assert.Equal([note], ServeOptions.Unknown([option, "5000"]));

    [Theory]
    [InlineData("--urls", "http://localhost:1")]
    [InlineData("--Models:Path=/models", "--OTEL_EXPORTER_OTLP_ENDPOINT=http://localhost:4317")]
    [InlineData("--ASPNETCORE_URLS=http://localhost:1", "--environment=Production")]
    public void Settings_are_not(params string[] options) => Assert.Empty(ServeOptions.Unknown(options));
}
