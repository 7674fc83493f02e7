// The official Bicep compiler, out of the package that carries it.
using System.Reflection;
using ServerlessEventing.Testing;

namespace ServerlessEventing.Infra.Tests;

internal static class Bicep
{
    private static readonly string Compiler = typeof(Bicep).Assembly
        .GetCustomAttributes<AssemblyMetadataAttribute>().Single(item => item.Key == "BicepCompiler").Value!;

    /// <summary>Compiles a file of <c>infra/azure</c> and returns the template; a failure fails the test.</summary>
    public static async Task<string> BuildAsync(string file)
    {
        var printed = await CompileAsync("build", file);
        Assert.True(printed.Code == 0, printed.Error);
        return printed.Output;
    }

    public static async Task<Printed> CompileAsync(string verb, string file)
    {
        using var home = new TempFolder();
        return await CommandLine.RunAsync(
            Compiler, $"{verb} {Repository.Infra("azure", file)} --stdout",
            environment: new() { ["HOME"] = home.Path });
    }
}
