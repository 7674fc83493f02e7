// What CloudEvents 1.0.2 demands of attributes, checked without changing a character of them.
using System.Buffers;
using System.Text;

namespace ServerlessEventing.Functions.CloudEvents;

/// <summary>
/// Rules for attribute texts: https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md#context-attributes.
/// Each answers null, or the fault.
/// </summary>
internal static class AttributeRules
{
    private static readonly SearchValues<char> Plain = SearchValues.Create(
        " !\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`abcdefghijklmnopqrstuvwxyz{|}~");

    private static readonly SearchValues<char> Token = SearchValues.Create(
        "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");

    private static readonly SearchValues<char> NeverInUri = SearchValues.Create(" \"<>\\^`{|}");

    /// <summary>Checks one attribute as it is read.</summary>
    public static EventFault? FaultOf(AttributeName name, string text)
    {
        if (FirstForbidden(text) is { } forbidden)
        {
            return new($"Attribute {name} contains U+{forbidden:X4}, which CloudEvents forbids; remove it.", name.Text);
        }

        if (name == AttributeName.SpecVersion)
        {
            return text is "1.0" or "0.3" ? null
                : new($"specversion is \"{Shown(text)}\"; send \"1.0\".", name.Text);
        }

        var required = name == AttributeName.Id || name == AttributeName.Source || name == AttributeName.Type;
        var optional = name == AttributeName.Subject || name == AttributeName.Time
            || name == AttributeName.DataSchema || name == AttributeName.DataContentType;
        if (text.Length == 0 && (required || optional))
        {
            return new($"Attribute {name} is empty; give it a text{(optional ? " or leave it out" : "")}.", name.Text);
        }

        if (name == AttributeName.Time && !Rfc3339.IsTimestamp(text))
        {
            return new($"time is \"{Shown(text)}\"; write it as RFC 3339, like 2030-01-31T12:00:00Z.", name.Text);
        }

        if (name == AttributeName.Source && text.AsSpan().ContainsAny(NeverInUri))
        {
            return new($"source \"{Shown(text)}\" is not a URI reference; percent-encode it.", name.Text);
        }

        if (name == AttributeName.DataSchema && !IsAbsoluteUri(text))
        {
            return new($"dataschema \"{Shown(text)}\" is not an absolute URI; give it a scheme.", name.Text);
        }

        return name == AttributeName.DataContentType && !IsMediaType(text)
            ? new($"datacontenttype \"{Shown(text)}\" is not a media type; write it like application/json.", name.Text)
            : null;
    }

    /// <summary>Checks that what every event must have is there.</summary>
    public static EventFault? FaultOfAll(ReadOnlySpan<EventAttribute> attributes)
    {
        var found = 0;
        foreach (var (name, _) in attributes)
        {
            found |= name == AttributeName.SpecVersion ? 1
                : name == AttributeName.Id ? 2
                : name == AttributeName.Source ? 4
                : name == AttributeName.Type ? 8 : 0;
        }

        var missing = (found & 1) == 0 ? AttributeName.SpecVersion
            : (found & 2) == 0 ? AttributeName.Id
            : (found & 4) == 0 ? AttributeName.Source
            : (found & 8) == 0 ? AttributeName.Type : null;
        return missing is null ? null
            : new(
                $"Attribute {missing} is missing; every CloudEvent has specversion, id, source and type.",
                missing.Text);
    }

    /// <summary>Adds an attribute that passed; a second one of the same name is a fault.</summary>
    public static EventFault? AddTo(List<EventAttribute> attributes, AttributeName name, string text)
    {
        foreach (var other in attributes)
        {
            if (other.Name.Text == name.Text)
            {
                return new($"Attribute {name} is given twice; send it once.", name.Text);
            }
        }

        var fault = FaultOf(name, text);
        if (fault is null)
        {
            attributes.Add(new(name, text));
        }

        return fault;
    }

    /// <summary>A media type: type "/" subtype, then parameters in visible ASCII.</summary>
    public static bool IsMediaType(ReadOnlySpan<char> text)
    {
        var end = text.IndexOf(';');
        var essence = (end < 0 ? text : text[..end]).TrimEnd(' ');
        var slash = essence.IndexOf('/');
        return slash > 0 && slash < essence.Length - 1
            && !essence[..slash].ContainsAnyExcept(Token)
            && !essence[(slash + 1)..].ContainsAnyExcept(Token)
            && !text.ContainsAnyExcept(Plain);
    }

    /// <summary>A text from outside, cut and cleaned so that it can stand in an answer.</summary>
    public static string Shown(string text)
    {
        var cut = text.Length <= 64 ? text : string.Concat(text.AsSpan(0, 64), "…");
        return cut.AsSpan().ContainsAnyExcept(Plain)
            ? string.Create(cut.Length, cut, static (span, from) =>
            {
                for (var i = 0; i < span.Length; i++)
                {
                    span[i] = char.IsControl(from[i]) || char.IsSurrogate(from[i]) ? '?' : from[i];
                }
            })
            : cut;
    }

    private static bool IsAbsoluteUri(ReadOnlySpan<char> text)
    {
        var colon = text.IndexOf(':');
        return colon > 0 && char.IsAsciiLetter(text[0]) && !text.ContainsAny(NeverInUri)
            && !text[..colon].ContainsAny('/', '?', '#');
    }

    private static int? FirstForbidden(ReadOnlySpan<char> text)
    {
        var start = text.IndexOfAnyExcept(Plain);
        if (start < 0)
        {
            return null;
        }

        text = text[start..];
        while (!text.IsEmpty)
        {
            if (Rune.DecodeFromUtf16(text, out var rune, out var consumed) != OperationStatus.Done)
            {
                return text[0];
            }

            var value = rune.Value;
            if (value is < 0x20 or >= 0x7F and <= 0x9F or >= 0xFDD0 and <= 0xFDEF || (value & 0xFFFE) == 0xFFFE)
            {
                return value;
            }

            text = text[consumed..];
        }

        return null;
    }
}
