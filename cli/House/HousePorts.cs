// The ports of the local house, each with its offset.
using System.Net;
using System.Net.Sockets;

namespace ServerlessEventing.Cli.House;

/// <summary>Ports of the house; fixed for users, moved together by an offset.</summary>
internal sealed record HousePorts(int Offset)
{
    public int FunctionApp => 7071 + Offset;

    public int Amqp => 5672 + Offset;

    public int Management => 5300 + Offset;

    public int Kubernetes => 6443 + Offset;

    public int Proxy => 3128 + Offset;

    /// <summary>Fails with one line that names every port taken, what it is for, and how to move it.</summary>
    public void RequireFree()
    {
        var taken = new[]
        {
            (FunctionApp, "the function app"),
            (Amqp, "Service Bus (AMQP)"),
            (Management, "Service Bus (management)"),
            (Kubernetes, "the Kubernetes API"),
            (Proxy, "the proxy"),
        }.Where(port => IsTaken(port.Item1)).Select(port => $"{port.Item1} for {port.Item2}").ToList();
        if (taken.Count > 0)
        {
            throw new CommandException(
                $"port {string.Join(", port ", taken)}: already in use. Stop what listens there, or move all ports "
                + $"with --port-offset N (for example --port-offset {Offset + 10000}).");
        }
    }

    private static bool IsTaken(int port)
    {
        try
        {
            using var listener = new TcpListener(IPAddress.Loopback, port);
            listener.Start();
            return false;
        }
        catch (SocketException)
        {
            return true;
        }
    }
}
