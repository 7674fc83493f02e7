// A refused management request as HTTP says it.
namespace ServerlessEventing.Local.ServiceBus.Messaging;

/// <summary>Status and sub-code as Azure gives them, and what is wrong.</summary>
internal sealed record AdministrationError(int Status, int SubCode, string Message)
{
    public static AdministrationError Invalid(string message) => new(400, 40000, message);

    public static AdministrationError NotFound(string path) =>
        new(404, 40400, $"The messaging entity '{path}' could not be found.");

    public static AdministrationError Exists(string path) =>
        new(409, 40900, $"The messaging entity '{path}' already exists.");

    public static AdministrationError Limit(string message) => new(403, 40300, message);

    public static readonly AdministrationError Unavailable = new(
        503, 50300, "The store is busy or cannot write; nothing was changed. Try again.");
}
