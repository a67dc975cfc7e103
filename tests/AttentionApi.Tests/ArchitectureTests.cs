using ArchUnitNET.Domain;
using ArchUnitNET.Domain.Extensions;
using ArchUnitNET.Loader;
using AttentionApi.Core.Explain;
using static ArchUnitNET.Fluent.ArchRuleDefinition;

namespace AttentionApi.Tests;

/// <summary>Dependencies point one way, in Core and in the host; read from the compiled assemblies.</summary>
public class ArchitectureTests
{
    /// <summary>Rooms of Core; each uses only those in rows before its own.</summary>
    private static readonly string[][] CoreRooms =
    [
        ["Core.Diagnostics", "Core.Parameters"],
        ["Core.Models"],
        ["Core.Onnx", "Core.Imaging", "Core.Text"],
        ["Core.Runtime"],
        ["Core.Loading"],
        ["Core.Catalog", "Core.Scoring"],
        ["Core.Analysis"],
        ["Core.Explain"],
        ["Core.Rendering"],
        ["Core.Bundle"],
    ];

    /// <summary>Rooms of the host, above all of Core.</summary>
    private static readonly string[][] HostRooms = [["Contracts"], ["Http"], ["Hosting"], ["Endpoints", "Cli"]];

    private static readonly Architecture Architecture = new ArchLoader().LoadAssemblies(typeof(Heatmap).Assembly, typeof(Program).Assembly).Build();

    public static TheoryData<string> Rooms => [.. CoreRooms.Concat(HostRooms).SelectMany(row => row)];

    [Theory, MemberData(nameof(Rooms))]
    public void A_room_uses_only_what_lies_below_it(string room)
    {
        var rows = CoreRooms.Concat(HostRooms).ToArray();
        var own = Array.FindIndex(rows, row => row.Contains(room));
        var foreign = rows[own..].SelectMany(row => row).Except([room]);
        Assert.NotEmpty(TypesIn(room));
        Assert.Empty(Dependencies(room, string.Join('|', foreign.Select(Namespace))));
    }

    [Theory, InlineData("Cli"), InlineData("Hosting"), InlineData("Core.Models"), InlineData("Core.Text"), InlineData("Core.Runtime"),
        InlineData("Core.Loading"), InlineData("Core.Onnx")]
    public void No_two_rooms_within_a_room_use_each_other(string room)
    {
        var uses = TypesIn(room).SelectMany(type =>
            type.GetTypeDependencies().Select(used => (From: type.Namespace.FullName, To: used.Namespace?.FullName ?? "")))
            .Where(use => use.From != use.To && use.To.StartsWith($"AttentionApi.{room}", StringComparison.Ordinal)).ToHashSet();
        Assert.NotEmpty(uses);
        Assert.DoesNotContain(uses, use => uses.Contains((use.To, use.From)));
    }

    [Fact]
    public void Core_knows_no_web_server() => Assert.Empty(Dependencies("Core", @"Microsoft\.AspNetCore\b"));

    [Fact]
    public void Image_libraries_are_used_in_Imaging_and_Rendering_only() =>
        Assert.All(Rooms.Select(row => row.Data).Except(["Core.Imaging", "Core.Rendering"]), room => Assert.Empty(Dependencies(room, "NetVips")));

    [Fact]
    public void ONNX_Runtime_is_used_in_Runtime_and_Loading_only() =>
        Assert.All(Rooms.Select(row => row.Data).Except(["Core.Runtime", "Core.Loading"]), room =>
            Assert.Empty(Dependencies(room, @"Microsoft\.ML\.OnnxRuntime")));

    private static string Namespace(string room) => $@"AttentionApi\.{room.Replace(".", @"\.", StringComparison.Ordinal)}(\.|$)";

    private static IEnumerable<IType> TypesIn(string room) => Types().That().ResideInNamespaceMatching($"^{Namespace(room)}").GetObjects(Architecture);

    /// <summary>"type → type" for every use of a namespace that matches.</summary>
    private static string[] Dependencies(string room, string namespaces)
    {
        var forbidden = new System.Text.RegularExpressions.Regex($"^({namespaces})");
        // Pointers and type parameters have no namespace.
        return
        [
            .. TypesIn(room).SelectMany(type => type.GetTypeDependencies()
                .Where(used => forbidden.IsMatch(used.Namespace?.FullName ?? "")).Select(used => $"{type.FullName} → {used.FullName}")).Distinct(),
        ];
    }
}
