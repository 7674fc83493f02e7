// Which functions this process serves: all, or those that AzureFunctionsJobHost__functions__N names, as for the host.
namespace ServerlessEventing.Functions.Doors;

/// <summary>
/// One image, several deployments: the Functions host reads these settings to load some functions only, and so do the
/// parts of this program that no host starts.
/// </summary>
internal sealed class LoadedFunctions
{
    public const string Setting = "AzureFunctionsJobHost__functions";

    private readonly HashSet<string> names;

    private LoadedFunctions(IEnumerable<string> names) =>
        this.names = new(names, StringComparer.OrdinalIgnoreCase);

    public bool Has(string function) => names.Count == 0 || names.Contains(function);

    /// <summary>Reads the list; null, and the name at fault, when it names none of ours.</summary>
    public static LoadedFunctions? Read(IConfiguration configuration, out string wrong)
    {
        var names = configuration.GetSection(Setting.Replace("__", ":", StringComparison.Ordinal)).GetChildren()
            .Select(item => item.Value ?? "")
            .Where(name => name.Length > 0)
            .ToList();
        wrong = names.FirstOrDefault(name => !IsOurs(name)) ?? "";
        return wrong.Length == 0 ? new(names) : null;
    }

    private static bool IsOurs(string name) =>
        name.Equals(LaneFunction.HttpFunction, StringComparison.OrdinalIgnoreCase)
        || name.Equals(LaneFunction.TimerFunction, StringComparison.OrdinalIgnoreCase)
        || name.Equals(LaneFunction.HealthFunction, StringComparison.OrdinalIgnoreCase)
        || LaneFunction.All.Any(function => name.Equals(function.Name, StringComparison.OrdinalIgnoreCase));
}
