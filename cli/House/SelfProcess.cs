// How to start this program again with another verb.
using System.Reflection;

namespace ServerlessEventing.Cli.House;

/// <summary>The executable and the arguments that run a verb of this same build.</summary>
internal sealed record SelfProcess(string Executable, IReadOnlyList<string> Arguments)
{
    public static SelfProcess ForVerb(params string[] verb)
    {
        var path = Environment.ProcessPath ?? throw new InvalidOperationException("The process has no path.");
        var underDotnet = Path.GetFileNameWithoutExtension(path) == "dotnet";
        return new SelfProcess(path, underDotnet ? [Assembly.GetExecutingAssembly().Location, .. verb] : verb);
    }
}
