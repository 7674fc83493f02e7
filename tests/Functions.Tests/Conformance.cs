// Finds the conformance data beside the tests.
namespace ServerlessEventing.Functions.Tests;

internal static class Conformance
{
    public static string File(string folder, string name) =>
        Path.Combine(AppContext.BaseDirectory, "conformance", folder, name);
}
