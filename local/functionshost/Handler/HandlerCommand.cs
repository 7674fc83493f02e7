// The command line, folder and environment that the handler process is started with.
using System.Diagnostics;
using System.Globalization;
using ServerlessEventing.Local.FunctionsHost.App;

namespace ServerlessEventing.Local.FunctionsHost.Handler;

/// <summary>How to start the handler; the same for every start but for the port and the worker id.</summary>
internal sealed record HandlerCommand
{
    public required string Executable { get; init; }

    public required IReadOnlyList<string> Arguments { get; init; }

    public required string WorkingDirectory { get; init; }

    public required string AppRoot { get; init; }

    public required IReadOnlyDictionary<string, string> Settings { get; init; }

    /// <summary>
    /// This host's own address: the real host leaks it to the handler as ASPNETCORE_URLS, a known trap.
    /// </summary>
    public required string HostUrl { get; init; }

    /// <summary>From host.json, or from the options where they name an executable.</summary>
    public static HandlerCommand From(
        FunctionApp app, AppSettings settings, string? executable, IReadOnlyList<string>? arguments, int hostPort) =>
        new()
        {
            Executable = executable ?? Resolve(app.Root, app.Host.Handler.Executable!),
            Arguments = executable is null ? app.Host.Handler.Arguments : arguments ?? [],
            WorkingDirectory = app.Host.Handler.WorkingDirectory,
            AppRoot = app.Root,
            Settings = settings.Given,
            HostUrl = string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{hostPort}"),
        };

    public ProcessStartInfo For(int port, Guid workerId)
    {
        var start = new ProcessStartInfo(Executable)
        {
            WorkingDirectory = WorkingDirectory,
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var argument in Arguments)
        {
            start.ArgumentList.Add(argument);
        }

        // The whole environment of the host is inherited; on top come the settings, then the contract's variables.
        var environment = start.Environment;
        environment["FUNCTIONS_WORKER_RUNTIME"] = "custom";
        environment["AZURE_FUNCTIONS_ENVIRONMENT"] = "Development";
        environment["ASPNETCORE_URLS"] = HostUrl;
        environment["AzureWebJobsScriptRoot"] = AppRoot;
        foreach (var (name, value) in Settings)
        {
            environment[name.Replace(":", "__")] = value;
        }

        var portText = port.ToString(CultureInfo.InvariantCulture);
        environment["FUNCTIONS_CUSTOMHANDLER_PORT"] = portText;
        environment["FUNCTIONS_HTTPWORKER_PORT"] = portText;
        environment["FUNCTIONS_CUSTOMHANDLER_WORKER_ID"] = workerId.ToString();
        environment["FUNCTIONS_HTTPWORKER_ID"] = workerId.ToString();
        environment["FUNCTIONS_APP_ROOT_PATH"] = AppRoot;
        return start;
    }

    /// <summary>A path under the app's folder when there is such a file, else a command on PATH.</summary>
    private static string Resolve(string root, string executable)
    {
        var file = Path.GetFullPath(executable, root);
        return File.Exists(file) ? file : executable;
    }
}
