// A loopback port that answers once the adapter watches: how a laptop's runner knows that nothing will be missed.
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace ServerlessEventing.Operator.Adapters;

/// <summary>Takes connections on the port of setting <c>PORT</c> and closes them; without it there is none.</summary>
internal static class ReadyPort
{
    public const string Setting = "PORT";

    /// <summary>Opens the port when <paramref name="ready"/> ends, until cancelled.</summary>
    public static async Task ServeAsync(string? port, Task ready, CancellationToken cancellationToken)
    {
        if (!ushort.TryParse(port, NumberStyles.None, CultureInfo.InvariantCulture, out var number))
        {
            return;
        }

        try
        {
            await ready.WaitAsync(cancellationToken);
            using var listener = new TcpListener(IPAddress.Loopback, number);
            listener.Start();
            while (true)
            {
                using var connection = await listener.AcceptTcpClientAsync(cancellationToken);
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // Told to stop.
        }
    }
}
