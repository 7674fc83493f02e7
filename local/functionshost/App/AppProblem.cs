// One thing wrong in a function app's files: where, what, and how to mend it.
namespace ServerlessEventing.Local.FunctionsHost.App;

/// <summary>A fault in <c>host.json</c> or a <c>function.json</c>, told so that the reader can mend it.</summary>
public sealed record AppProblem(string File, string Property, string What, string Mend)
{
    public override string ToString() => $"{File}: {Property}: {What} {Mend}";
}
