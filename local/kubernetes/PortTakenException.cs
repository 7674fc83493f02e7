// Another process listens where the API server should.
namespace ServerlessEventing.Local.Kubernetes;

/// <summary>The port is taken; nothing has been started.</summary>
public sealed class PortTakenException(int port, Exception inner) : IOException(
    $"Port {port} is taken: the Kubernetes API cannot listen on 127.0.0.1:{port}. Stop what listens there, or choose "
    + "another port.", inner)
{
    public int Port { get; } = port;
}
