// The version this server says it is; it selects which kubectl a version dispatcher runs.
using System.Text.Json.Nodes;

namespace ServerlessEventing.Local.Kubernetes.Discovery;

/// <summary>/version.</summary>
public static class ServerVersion
{
    public const string Text = "v1.33.1";

    public static JsonObject Document() => new()
    {
        ["major"] = "1",
        ["minor"] = "33",
        ["emulationMajor"] = "1",
        ["emulationMinor"] = "33",
        ["minCompatibilityMajor"] = "1",
        ["minCompatibilityMinor"] = "32",
        ["gitVersion"] = Text,
        ["gitCommit"] = "",
        ["gitTreeState"] = "clean",
        ["buildDate"] = "",
        ["goVersion"] = "",
        ["compiler"] = "dotnet",
        ["platform"] = "any",
    };
}
