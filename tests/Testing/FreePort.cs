// Hands out loopback TCP ports that nothing listens on.
using System.Net;
using System.Net.Sockets;

namespace ServerlessEventing.Testing;

/// <summary>Finds free loopback ports.</summary>
public static class FreePort
{
    public static int Next()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
