// Whether the long forms of tests are asked for.
namespace ServerlessEventing.Testing;

/// <summary>Set by <c>.ci/run --long</c>.</summary>
public static class LongRun
{
    public static readonly bool Asked = Environment.GetEnvironmentVariable("EVENTING_LONG") == "1";
}
