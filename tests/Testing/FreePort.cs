// Hands out loopback TCP ports that nothing listens on.
using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace ServerlessEventing.Testing;

/// <summary>
/// Finds free loopback ports, below those the system gives to outgoing connections: one of these could take a port
/// between its being found and its being listened on.
/// </summary>
public static class FreePort
{
    private const int First = 10_000;
    private const int FirstOfTheSystem = 32_768;

    private static readonly ConcurrentDictionary<int, bool> Given = new();

    /// <summary>A port that was not given before in this process.</summary>
    public static int Next()
    {
        for (var tries = 0; tries < 1_000; tries++)
        {
            var port = Random.Shared.Next(First, FirstOfTheSystem);
            if (IsFree(port) && Given.TryAdd(port, true))
            {
                return port;
            }
        }

        throw new InvalidOperationException("No free port.");
    }

    /// <summary>Whether nothing listens on it now.</summary>
    public static bool IsFree(int port)
    {
        try
        {
            using var listener = new TcpListener(IPAddress.Loopback, port);
            listener.Start();
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
