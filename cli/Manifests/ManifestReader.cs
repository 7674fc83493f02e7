// Reads Kubernetes manifests from YAML files and folders; errors name file and line.
using System.Text.Json.Nodes;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace ServerlessEventing.Cli.Manifests;

/// <summary>Reads manifests as JSON objects, in the order of file names and documents.</summary>
internal static class ManifestReader
{
    private const long MaxFileBytes = 4 * 1024 * 1024;

    /// <summary>Every object in a file, or in the .yaml, .yml and .json files of a folder.</summary>
    public static IReadOnlyList<Manifest> Read(string path)
    {
        if (File.Exists(path))
        {
            return [.. ReadFile(path)];
        }

        if (!Directory.Exists(path))
        {
            throw new CommandException($"{path}: no such file or folder");
        }

        return
        [
            .. Directory.EnumerateFiles(path)
                .Where(file => Path.GetExtension(file) is ".yaml" or ".yml" or ".json")
                .Order(StringComparer.Ordinal)
                .SelectMany(ReadFile),
        ];
    }

    /// <summary>Every document of a YAML or JSON file that is not empty, and the line it starts at.</summary>
    public static IReadOnlyList<(int Line, JsonNode? Content)> ReadDocuments(string file)
    {
        if (!File.Exists(file))
        {
            throw new CommandException($"{file}: no such file");
        }

        if (new FileInfo(file).Length > MaxFileBytes)
        {
            throw new CommandException($"{file}: larger than {MaxFileBytes / 1024 / 1024} MB");
        }

        try
        {
            var stream = new YamlStream();
            using var reader = File.OpenText(file);
            stream.Load(reader);
            return
            [
                .. stream.Documents
                    .Where(document => document.RootNode is not YamlScalarNode { Value: null or "" })
                    .Select(document =>
                        ((int)document.RootNode.Start.Line, new YamlToJson(file).Convert(document.RootNode))),
            ];
        }
        catch (YamlException malformed)
        {
            throw new CommandException($"{file}:{malformed.Start.Line}:{malformed.Start.Column}: {malformed.Message}");
        }
    }

    private static IEnumerable<Manifest> ReadFile(string file) =>
        ReadDocuments(file).Select(document => ToManifest($"{file}:{document.Line}", document.Content));

    private static Manifest ToManifest(string where, JsonNode? document)
    {
        if (document is not JsonObject content)
        {
            throw new CommandException($"{where}: a manifest is a mapping with apiVersion, kind and metadata");
        }

        foreach (var (member, value) in new[]
        {
            ("apiVersion", content["apiVersion"]),
            ("kind", content["kind"]),
            ("metadata.name", (content["metadata"] as JsonObject)?["name"]),
        })
        {
            if (value?.GetValueKind() != System.Text.Json.JsonValueKind.String)
            {
                throw new CommandException($"{where}: {member} is missing");
            }
        }

        return new Manifest(where, content);
    }
}
