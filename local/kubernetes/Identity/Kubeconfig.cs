// The kubeconfig that lets kubectl in.
using System.Text;

namespace ServerlessEventing.Local.Kubernetes.Identity;

/// <summary>A file of its own; the user's ~/.kube/config is never touched.</summary>
public static class Kubeconfig
{
    public static void Write(string path, Uri server, ServerIdentity identity)
    {
        var authority = Convert.ToBase64String(Encoding.ASCII.GetBytes(identity.AuthorityPem));
        if (Path.GetDirectoryName(Path.GetFullPath(path)) is { } folder)
        {
            Directory.CreateDirectory(folder);
        }

        PrivateFile.Write(path, $"""
            apiVersion: v1
            kind: Config
            clusters:
            - name: local
              cluster:
                server: {server.ToString().TrimEnd('/')}
                certificate-authority-data: {authority}
            users:
            - name: local
              user:
                token: {identity.Token}
            contexts:
            - name: local
              context:
                cluster: local
                user: local
                namespace: default
            current-context: local

            """);
    }
}
