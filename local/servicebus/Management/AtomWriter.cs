// ATOM documents as Service Bus writes them, with what its clients trip over.
using System.Globalization;
using System.Text;
using System.Xml;
using System.Xml.Linq;
using Microsoft.AspNetCore.Http;
using ServerlessEventing.Local.ServiceBus.Messaging;

namespace ServerlessEventing.Local.ServiceBus.Management;

/// <summary>A response body with its type.</summary>
internal sealed record AtomDocument(string Text, string ContentType);

/// <summary>One entity for a document: its name, its path and its description.</summary>
internal sealed record AtomContent(string Title, string Path, DateTimeOffset Updated, XElement Xml);

/// <summary>
/// Clients take names from <c>title</c> (.NET) or from the path in <c>id</c> (JavaScript), and the next page from a
/// <c>link</c> that must not be the only one.
/// </summary>
internal static class AtomWriter
{
    private static readonly XNamespace Atom = "http://www.w3.org/2005/Atom";

    public static AtomDocument Entry(HttpContext context, string title, XElement content) =>
        Document(EntryElement(BaseUri(context), context.Request.Path.Value!.TrimStart('/'), title, content),
            "application/atom+xml;type=entry;charset=utf-8");

    public static AtomDocument Feed(
        HttpContext context, string title, IReadOnlyList<AtomContent> all, int skip, int top)
    {
        var self = BaseUri(context) + context.Request.Path.Value!.TrimStart('/');
        var feed = new XElement(
            Atom + "feed",
            new XElement(Atom + "title", new XAttribute("type", "text"), title),
            new XElement(Atom + "id", self),
            new XElement(Atom + "updated", Time(DateTimeOffset.UnixEpoch)),
            Link("self", self));
        if (skip + top < all.Count)
        {
            feed.Add(Link(
                "next", string.Create(CultureInfo.InvariantCulture, $"{self}?$skip={skip + top}&$top={top}")));
        }

        foreach (var content in all.Skip(skip).Take(top))
        {
            feed.Add(EntryElement(BaseUri(context), content.Path, content.Title, content.Xml));
        }

        return Document(feed, "application/atom+xml;type=feed;charset=utf-8");
    }

    public static AtomDocument Error(AdministrationError error, DateTimeOffset now)
    {
        var tracking = Guid.NewGuid();
        var detail = string.Create(
            CultureInfo.InvariantCulture,
            $"SubCode={error.SubCode}. {error.Message} TrackingId:{tracking}, SystemTracker:emulator, " +
            $"Timestamp:{Time(now)}");
        return Document(
            new XElement("Error", new XElement("Code", error.Status), new XElement("Detail", detail)),
            "application/xml; charset=utf-8");
    }

    public static string Time(DateTimeOffset time) =>
        time.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ss.fffffffZ", CultureInfo.InvariantCulture);

    private static XElement EntryElement(string baseUri, string path, string title, XElement content) => new(
        Atom + "entry",
        new XElement(Atom + "id", baseUri + path + "?api-version=2021-05"),
        new XElement(Atom + "title", new XAttribute("type", "text"), title),
        new XElement(Atom + "published", content.Attribute("created")?.Value ?? Time(DateTimeOffset.UnixEpoch)),
        new XElement(Atom + "updated", content.Attribute("updated")?.Value ?? Time(DateTimeOffset.UnixEpoch)),
        new XElement(Atom + "author", new XElement(Atom + "name", "emulator")),
        Link("self", path),
        new XElement(Atom + "content", new XAttribute("type", "application/xml"), Clean(content)));

    /// <summary>The description without the two attributes that only carry dates to the entry.</summary>
    private static XElement Clean(XElement content)
    {
        var clean = new XElement(content);
        clean.SetAttributeValue("created", null);
        clean.SetAttributeValue("updated", null);
        return clean;
    }

    private static XElement Link(string relation, string address) =>
        new(Atom + "link", new XAttribute("rel", relation), new XAttribute("href", address));

    private static AtomDocument Document(XElement root, string contentType)
    {
        foreach (var text in root.DescendantNodes().OfType<XText>())
        {
            text.Value = Printable(text.Value);
        }

        foreach (var attribute in root.DescendantsAndSelf().Attributes())
        {
            attribute.Value = Printable(attribute.Value);
        }

        const string Declaration = "<?xml version=\"1.0\" encoding=\"utf-8\"?>";
        return new(Declaration + root.ToString(SaveOptions.DisableFormatting), contentType);
    }

    /// <summary>A rule, a name or a complaint may hold what XML cannot carry.</summary>
    private static string Printable(string text)
    {
        if (text.All(XmlConvert.IsXmlChar))
        {
            return text;
        }

        var printable = new StringBuilder(text.Length);
        for (var at = 0; at < text.Length; at++)
        {
            if (at + 1 < text.Length && XmlConvert.IsXmlSurrogatePair(text[at + 1], text[at]))
            {
                printable.Append(text, at++, 2);
            }
            else
            {
                printable.Append(XmlConvert.IsXmlChar(text[at]) ? text[at] : '\uFFFD');
            }
        }

        return printable.ToString();
    }

    private static string BaseUri(HttpContext context) => $"{context.Request.Scheme}://{context.Request.Host}/";
}
