// Why a functions host did not start, in words for the user.
using System.Globalization;
using ServerlessEventing.Local.FunctionsHost.App;

namespace ServerlessEventing.Local.FunctionsHost;

/// <summary>What kept a functions host from starting.</summary>
public enum FunctionsHostStartFailure
{
    /// <summary>host.json or a function.json is missing or wrong; the message lists each fault.</summary>
    AppInvalid,

    /// <summary>Something else listens on the port that was asked for.</summary>
    PortTaken,

    /// <summary>The operating system would not start the handler.</summary>
    HandlerNotStarted,
}

/// <summary>The host did not start; the message says what to do.</summary>
public sealed class FunctionsHostStartException : Exception
{
    private FunctionsHostStartException(FunctionsHostStartFailure failure, string message)
        : base(message) => Failure = failure;

    public FunctionsHostStartFailure Failure { get; }

    /// <summary>The port that is taken; 0 for other failures.</summary>
    public int Port { get; private init; }

    internal static FunctionsHostStartException AppInvalid(IReadOnlyList<AppProblem> problems) =>
        new(FunctionsHostStartFailure.AppInvalid,
            "The function app cannot be run:\n" + string.Join('\n', problems.Select(problem => "  " + problem)));

    internal static FunctionsHostStartException PortTaken(int port) =>
        new(FunctionsHostStartFailure.PortTaken, string.Create(CultureInfo.InvariantCulture,
            $"Port {port}, wanted for the function app, is taken. Stop what listens there, or choose another port."))
        {
            Port = port,
        };

    internal static FunctionsHostStartException HandlerNotStarted(string executable, string why) =>
        new(FunctionsHostStartFailure.HandlerNotStarted,
            $"The handler {executable} cannot be started: {why}. "
            + "host.json: customHandler.description.defaultExecutablePath names it.");
}
