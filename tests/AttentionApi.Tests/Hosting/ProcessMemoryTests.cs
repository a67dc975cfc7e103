using AttentionApi.Hosting.Limits;

namespace AttentionApi.Tests.Hosting;

/// <summary>The memory that the process may hold, as Linux and its containers write it.</summary>
public sealed class ProcessMemoryTests
{
    private const string Machine = "MemTotal:       16318304 kB\nMemFree:         1234 kB\n";
    private const long MachineBytes = 16_318_304L * 1024;

    [Theory]
    [InlineData("2147483648\n", null, 2147483648)]
    [InlineData(null, "1073741824\n", 1073741824)]
    [InlineData("max\n", null, MachineBytes)]
    [InlineData(null, "9223372036854771712\n", MachineBytes)]
    [InlineData(null, null, MachineBytes)]
    public void The_container_s_limit_counts_else_the_machine_s(string? second, string? first, long expected) =>
        Assert.Equal(expected, MemoryLimit.Smallest([second, first, Machine]));

    [Fact]
    public void On_another_system_there_is_no_limit_to_tell() => Assert.Null(MemoryLimit.Smallest([null, null, null]));

    [Fact]
    public void Here_it_is_told() => Assert.InRange(MemoryLimit.Read()!.Value, 100_000_000, 1L << 50);
}
