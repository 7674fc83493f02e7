// Suites that take minutes: run with `.ci/run --long`.
namespace ServerlessEventing.Local.ServiceBus.Tests;

/// <summary>Skips, and says so, unless the variable EVENTING_LONG is 1.</summary>
internal static class LongRun
{
    public static bool IsAsked => Environment.GetEnvironmentVariable("EVENTING_LONG") == "1";

    public static void Required() => Assert.SkipUnless(IsAsked, "Takes minutes: set EVENTING_LONG=1 to run it.");
}
