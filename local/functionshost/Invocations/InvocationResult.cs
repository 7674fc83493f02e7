// How an invocation ended.
namespace ServerlessEventing.Local.FunctionsHost.Invocations;

/// <summary>Success, or the reason of the failure.</summary>
internal readonly record struct InvocationResult(string? Failure)
{
    public static InvocationResult Success => default;

    public bool Succeeded => Failure is null;
}
