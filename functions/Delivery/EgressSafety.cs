// Which addresses are never called, whoever names them: this machine's own, and those that answer with secrets.
using System.Net;
using System.Net.Sockets;

namespace ServerlessEventing.Functions.Delivery;

/// <summary>
/// Whoever may make a Trigger names an address that we call from inside. It is judged by the address that is dialled,
/// after its name was resolved, so that no name can point past the check.
/// </summary>
internal sealed class EgressSafety(bool allowLoopback, IReadOnlyList<IPNetwork> allowed)
{
    private const int Nat64PrefixBytes = 12;

    private static readonly IPNetwork[] Loopback = Networks("127.0.0.0/8", "0.0.0.0/8", "::1/128", "::/128");

    /// <summary>Link-local, multicast, and the metadata addresses of clouds that are neither.</summary>
    private static readonly IPNetwork[] Refused = Networks(
        "169.254.0.0/16", "fe80::/10", "224.0.0.0/4", "255.255.255.255/32", "ff00::/8",
        "168.63.129.16/32", "100.100.100.200/32", "fd00:ec2::254/128");

    private static readonly IPNetwork Nat64 = IPNetwork.Parse("64:ff9b::/96");

    /// <summary>Whether this address may be called.</summary>
    public bool Allows(IPAddress address)
    {
        var plain = Unwrapped(address);
        return IsIn(allowed, plain)
            || (allowLoopback || !IsIn(Loopback, plain)) && !IsIn(Refused, plain);
    }

    /// <summary>Dials one of the host's addresses that may be called.</summary>
    public async ValueTask<Stream> ConnectAsync(DnsEndPoint host, CancellationToken cancellationToken)
    {
        var all = await Dns.GetHostAddressesAsync(host.Host, cancellationToken);
        var safe = Array.FindAll(all, Allows);
        if (safe.Length == 0)
        {
            throw new HttpRequestException(
                $"{host.Host} is at {(all.Length == 0 ? "no address" : all[0])}, which is not called "
                + "(docs/configuration.md, EVENTING_ALLOW_NETWORKS)");
        }

        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(safe, host.Port, cancellationToken);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Whether an address's host may be called as far as it is known before it is dialled: behind an HTTP proxy the
    /// proxy dials, and only what is written as a number can be judged here.
    /// </summary>
    public bool Allows(Uri address) =>
        !IPAddress.TryParse(address.IdnHost.AsSpan().Trim("[]"), out var literal) || Allows(literal);

    // The same host in other clothes: ::ffff:a.b.c.d, and 64:ff9b::a.b.c.d where IPv4 is reached through NAT64.
    private static IPAddress Unwrapped(IPAddress address) =>
        address.IsIPv4MappedToIPv6 ? address.MapToIPv4()
        : Nat64.Contains(address) ? new(address.GetAddressBytes().AsSpan(Nat64PrefixBytes))
        : address;

    private static bool IsIn(IReadOnlyList<IPNetwork> networks, IPAddress address)
    {
        foreach (var network in networks)
        {
            if (network.Contains(address))
            {
                return true;
            }
        }

        return false;
    }

    private static IPNetwork[] Networks(params string[] texts) => Array.ConvertAll(texts, IPNetwork.Parse);
}
