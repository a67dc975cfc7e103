using AttentionApi.Core.Models;
using Microsoft.Extensions.Options;

namespace AttentionApi.Hosting;

/// <summary>A wrong environment (settings, port, models folder, GPU) ends the program with a sentence and exit code 1 instead of a stack trace.</summary>
internal static class Startup
{
    public static async Task<int> RunAsync(Func<Task> serve)
    {
        try
        {
            await serve();
            return 0;
        }
        catch (Exception failure) when (Sentences(failure) is [_, ..])
        {
            foreach (var sentence in Sentences(failure)) await Console.Error.WriteLineAsync($"AttentionApi cannot start: {sentence}");
            return 1;
        }
    }

    private static IReadOnlyList<string> Sentences(Exception failure) => failure switch
    {
        OptionsValidationException wrong => [.. wrong.Failures],
        AggregateException several => [.. several.InnerExceptions.SelectMany(Sentences)],
        ModelRefusedException or InvalidOperationException or IOException or UnauthorizedAccessException => [failure.Message],
        _ => [],
    };
}
