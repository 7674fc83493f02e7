// Which representation a client asks for in its Accept header.
namespace ServerlessEventing.Local.Kubernetes.Api;

/// <summary>The forms an answer can take.</summary>
public enum Form
{
    NotAcceptable,
    Json,
    Table,
    PartialMetadata,
    Discovery,
}

/// <summary>The first of the client's choices that this server has.</summary>
public readonly record struct Negotiation(Form Form, string Version)
{
    public static Negotiation Of(string? accept)
    {
        if (string.IsNullOrWhiteSpace(accept))
        {
            return new(Form.Json, "");
        }

        foreach (var choice in accept.Split(',', StringSplitOptions.TrimEntries))
        {
            if (One(choice) is { } found)
            {
                return found;
            }
        }

        return new(Form.NotAcceptable, "");
    }

    private static Negotiation? One(string choice)
    {
        var parts = choice.Split(';', StringSplitOptions.TrimEntries);
        if (parts[0] is not ("application/json" or "*/*" or "application/*"))
        {
            return null;
        }

        string Parameter(string name) => parts.Skip(1).FirstOrDefault(part => part.StartsWith(name + "=",
            StringComparison.Ordinal))?[(name.Length + 1)..] ?? "";
        var version = Parameter("v");
        return Parameter("as") switch
        {
            "" => new(Form.Json, ""),
            "Table" => new(Form.Table, version),
            "PartialObjectMetadata" or "PartialObjectMetadataList" => new(Form.PartialMetadata, version),
            "APIGroupDiscoveryList" when version is "v2" or "v2beta1" => new(Form.Discovery, version),
            _ => null,
        };
    }
}
