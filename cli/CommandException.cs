// A failure the user can mend: one line that says what, where and how.
namespace ServerlessEventing.Cli;

/// <summary>Ends a command with exit code 1 and this one line on stderr; never a stack trace.</summary>
internal sealed class CommandException(string message) : Exception(message);
