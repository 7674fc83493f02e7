// Renders objects as the Table that `kubectl get` prints.
using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using ServerlessEventing.Local.Kubernetes.Kinds;
using ServerlessEventing.Local.Kubernetes.Objects;

namespace ServerlessEventing.Local.Kubernetes.Printing;

/// <summary>What goes along with each row.</summary>
public enum RowObject
{
    Metadata,
    None,
    Object,
}

/// <summary>Column definitions and rows for one kind.</summary>
public sealed class TablePrinter(ResourceType type, TimeProvider time, string tableVersion, RowObject include)
{
    private static readonly ConcurrentDictionary<string, JsonPath> Paths = new();

    public JsonObject Table(IEnumerable<JsonObject> bodies, JsonObject metadata, bool withColumns = true)
    {
        var table = new JsonObject
        {
            ["kind"] = "Table",
            ["apiVersion"] = $"meta.k8s.io/{tableVersion}",
            ["metadata"] = metadata,
        };
        table["columnDefinitions"] = withColumns ? Columns() : null;
        table["rows"] = new JsonArray([.. bodies.Select(Row)]);
        return table;
    }

    // Every kind but Event, whose name says nothing and stands last, with `-o wide`.
    private bool StartsWithName => type.StorageName != ResourceType.CoreEvents;

    private JsonArray Columns()
    {
        var columns = new JsonArray();
        if (StartsWithName)
        {
            columns.Add(Column(new PrinterColumn("Name") { Format = "name" }));
        }

        foreach (var column in type.Columns)
        {
            columns.Add(Column(column));
        }

        return columns;
    }

    private static JsonNode Column(PrinterColumn column) => new JsonObject
    {
        ["name"] = column.Name,
        ["type"] = column.Type,
        ["format"] = column.Format,
        ["description"] = column.Description,
        ["priority"] = column.Priority,
    };

    private JsonNode Row(JsonObject body)
    {
        var cells = StartsWithName ? new JsonArray { body.Name } : [];
        var now = time.GetUtcNow();
        if (type.IsCustom)
        {
            foreach (var column in type.Columns)
            {
                cells.Add(Cell(column, body, now));
            }
        }
        else
        {
            foreach (var cell in BuiltinCells.Of(type.Kind, body, now))
            {
                cells.Add(cell);
            }
        }

        var row = new JsonObject { ["cells"] = cells };
        if (include == RowObject.Object)
        {
            row["object"] = body.DeepClone();
        }
        else
        {
            row["object"] = include == RowObject.Metadata ? PartialMetadata(body, tableVersion) : null;
        }

        return row;
    }

    /// <summary>The object with nothing but its metadata.</summary>
    public static JsonObject PartialMetadata(JsonObject body, string version) => new()
    {
        ["kind"] = "PartialObjectMetadata",
        ["apiVersion"] = $"meta.k8s.io/{version}",
        ["metadata"] = body.Metadata.DeepClone(),
    };

    private static JsonNode? Cell(PrinterColumn column, JsonObject body, DateTimeOffset now)
    {
        var value = Paths.GetOrAdd(column.JsonPath, JsonPath.Parse).First(body);
        return column.Type switch
        {
            _ when value is null => null,
            "date" => Age.Since(value.AsText(), now),
            "integer" or "number" or "boolean" => value is JsonValue ? value.DeepClone() : null,
            _ => value.AsText() ?? value.ToJsonString(),
        };
    }
}
