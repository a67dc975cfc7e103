using AttentionApi.Core.Rendering;
using AttentionApi.Hosting.Limits;
using AttentionApi.Http;
using Microsoft.Extensions.Options;

namespace AttentionApi.Tests.Hosting;

/// <summary>Who gets the slots where there are too few.</summary>
public sealed class PermitsTests : IDisposable
{
    private static readonly WorkEstimate Light = new(1, 0), Half = new(2 << 20, 0), Heavy = new(4 << 20, 0);

    private readonly Clock clock = new();
    private readonly Permits permits;

    public PermitsTests() => permits = new(Options.Create(new LimitsOptions { MaxConcurrent = 4, SlotBytes = 1 << 20 }), clock);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => permits.Dispose();

    [Fact]
    public void Heavy_calls_follow_each_other_where_nobody_else_comes()
    {
        for (var call = 0; call < 3; call++) Hold(Heavy, seconds: 5);
    }

    [Fact]
    public void A_heavy_call_that_turned_others_away_leaves_them_as_much_time()
    {
        Hold(Heavy, seconds: 5, () => Assert.Equal(429, Refused(Light).Status));
        var refused = Refused(Heavy);
        Assert.Equal(TimeSpan.FromSeconds(5), refused.RetryAfter);
        Assert.Contains("takes 4 of 4 slots", refused.Message, StringComparison.Ordinal);
        Hold(Light, seconds: 1);
        Hold(Half, seconds: 1);
        Assert.Equal(TimeSpan.FromSeconds(3), Refused(Heavy).RetryAfter);
        clock.Advance(3);
        Hold(Heavy, seconds: 5);
    }

    [Theory, InlineData(0.1, 2), InlineData(60, 10)]
    public void The_turn_of_others_is_long_enough_to_come_back_and_no_longer_than_is_fair(double seconds, double rest)
    {
        Hold(Heavy, seconds, () => Refused(Light));
        Assert.Equal(TimeSpan.FromSeconds(rest), Refused(Heavy).RetryAfter);
    }

    [Fact]
    public async Task Pictures_of_batches_take_half_of_the_slots_together_by_their_weight()
    {
        using var first = await permits.WaitAsync(Half, Cancellation);
        var second = permits.WaitAsync(Light, Cancellation);
        Assert.False(second.IsCompleted);
        Assert.Equal(2, permits.InUse);
        Hold(Half, seconds: 1);
        first.Dispose();
        (await second).Dispose();
        Assert.Equal(0, permits.InUse);
    }

    private void Hold(WorkEstimate work, double seconds, Action? meanwhile = null)
    {
        using var slot = permits.Take(work);
        meanwhile?.Invoke();
        clock.Advance(seconds);
    }

    private ProblemException Refused(WorkEstimate work) => Assert.Throws<ProblemException>(() => permits.Take(work));

    /// <summary>Stands still but for what a test lets pass.</summary>
    private sealed class Clock : TimeProvider
    {
        private long now;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => now;

        public void Advance(double seconds) => now += TimeSpan.FromSeconds(seconds).Ticks;
    }
}
