// One entry of an ATOM answer: a title, and a description with the values.
using System.Globalization;
using System.Xml;
using System.Xml.Linq;

namespace ServerlessEventing.ServiceBus.Administration;

/// <summary>Reads the values of one entity from its description element.</summary>
internal sealed class AtomEntry(string title, XElement description)
{
    public string Title => title;

    public XElement Description => description;

    /// <summary>The entries of an answer, which is an entry itself or a feed of them.</summary>
    public static List<AtomEntry> ReadAll(XElement answer)
    {
        var elements = answer.Name == AtomNames.Atom + "feed" ? answer.Elements(AtomNames.Atom + "entry") : [answer];
        var entries = new List<AtomEntry>();
        foreach (var element in elements)
        {
            var title = element.Element(AtomNames.Atom + "title")?.Value;
            var description = element.Element(AtomNames.Atom + "content")?.Elements().FirstOrDefault();
            if (title is not null && description is not null)
            {
                entries.Add(new(title, description));
            }
        }

        return entries;
    }

    public string? Text(string name) =>
        description.Element(AtomNames.ServiceBus + name) is { Value.Length: > 0 } element ? element.Value : null;

    public bool Flag(string name, bool fallback = false) =>
        Text(name) is { } text ? XmlConvert.ToBoolean(text.ToLowerInvariant()) : fallback;

    public int Int(string name, int fallback = 0) =>
        Text(name) is { } text ? int.Parse(text, CultureInfo.InvariantCulture) : fallback;

    public long Long(string name, long fallback = 0) =>
        Text(name) is { } text ? long.Parse(text, CultureInfo.InvariantCulture) : fallback;

    public TimeSpan Duration(string name, TimeSpan fallback) =>
        Text(name) is { } text ? XmlConvert.ToTimeSpan(text) : fallback;

    public EntityStatus Status() => Text("Status") is { } text ? new(text) : EntityStatus.Active;

    public DateTimeOffset Time(string name) => Text(name) is { } text
        && DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time)
            ? time
            : default;

    public long Count(string name) => description.Element(AtomNames.ServiceBus + "CountDetails")
        ?.Element(AtomNames.Counts + name) is { } element
            ? long.Parse(element.Value, CultureInfo.InvariantCulture)
            : 0;

    /// <summary>The entity's name: the service answers with an address, and users compare names.</summary>
    public string? Entity(string name)
    {
        var text = Text(name);
        return text is not null && Uri.TryCreate(text, UriKind.Absolute, out var address) && address.Host.Length > 0
            ? Uri.UnescapeDataString(address.AbsolutePath).Trim('/')
            : text;
    }
}
