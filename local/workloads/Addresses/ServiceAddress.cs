// Where a Service leads on this machine.
namespace ServerlessEventing.Local.Workloads.Addresses;

/// <summary>
/// The loopback ports of the ready Pods behind a Service. <paramref name="IsExpected"/>: there are Pods, or some are
/// being started, so that waiting a moment may help.
/// </summary>
public sealed record ServiceAddress(IReadOnlyList<int> Ports, bool IsExpected);
