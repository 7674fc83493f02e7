// `bench control KIND PORT SUBSCRIBER`: a control as a process of its own; started by the other verbs.
using System.CommandLine;
using ServerlessEventing.Bench.Targets;

namespace ServerlessEventing.Bench.Verbs;

/// <summary>Hidden: nobody starts it by hand.</summary>
internal static class ControlVerb
{
    private static readonly Argument<string> Kind = new("kind");
    private static readonly Argument<int> Port = new("port");
    private static readonly Argument<string> Subscriber = new("subscriber");

    public static Command Create()
    {
        var command = new Command("control", "Run a control (started by the benches).") { Kind, Port, Subscriber };
        command.Hidden = true;
        command.SetAction((result, cancellationToken) => Controls.RunAsync(
            result.GetValue(Kind)!, result.GetValue(Port), new Uri(result.GetValue(Subscriber)!), cancellationToken));
        return command;
    }
}
