// Decodes the Kubernetes protobuf bodies that kubectl 1.32 and later sends for `create` and `auth`.
using System.Buffers.Binary;
using System.Text;
using System.Text.Json.Nodes;
using ServerlessEventing.Local.Kubernetes.Objects;

namespace ServerlessEventing.Local.Kubernetes.Api;

/// <summary>
/// The envelope is `k8s\0` and a runtime.Unknown (typeMeta, raw). The messages it may hold are tables of
/// field number, JSON name and type: s string, i integer, n integer that may be zero, b bool that may be false, f bool
/// left out when false, m map of strings, M map of bytes (base64), x int-or-string, X one that may be zero, - ignored,
/// else a message; a trailing * repeats.
/// </summary>
public static class ProtobufBody
{
    public const string ContentType = "application/vnd.kubernetes.protobuf";

    private static readonly Dictionary<string, Dictionary<int, (string Name, string Type)>> Messages = Tables(
        "ObjectMeta", "1 name s,2 generateName s,3 namespace s,4 selfLink -,5 uid s,6 resourceVersion s,7 generation -,"
            + "8 creationTimestamp -,11 labels m,12 annotations m,13 ownerReferences OwnerReference*,14 finalizers s*,"
            + "17 managedFields -",
        "OwnerReference", "1 kind s,3 name s,4 uid s,5 apiVersion s,6 controller b,7 blockOwnerDeletion b",
        "Namespace", "1 metadata ObjectMeta,2 spec NamespaceSpec,3 status -",
        "NamespaceSpec", "1 finalizers s*",
        "ConfigMap", "1 metadata ObjectMeta,2 data m,3 binaryData M,4 immutable b",
        "Secret", "1 metadata ObjectMeta,2 data M,3 type s,4 stringData m,5 immutable b",
        "ServiceAccount", "1 metadata ObjectMeta,2 secrets ObjectReference*,3 imagePullSecrets LocalObjectReference*,"
            + "4 automountServiceAccountToken b",
        "ObjectReference", "1 kind s,2 namespace s,3 name s,4 uid s,5 apiVersion s,6 resourceVersion s,7 fieldPath s",
        "LocalObjectReference", "1 name s",
        "Service", "1 metadata ObjectMeta,2 spec ServiceSpec,3 status -",
        "ServiceSpec", "1 ports ServicePort*,2 selector m,3 clusterIP s,4 type s,5 externalIPs s*,7 sessionAffinity s,"
            + "8 loadBalancerIP s,9 loadBalancerSourceRanges s*,10 externalName s,11 externalTrafficPolicy s,"
            + "12 healthCheckNodePort i,13 publishNotReadyAddresses f,17 ipFamilyPolicy s,18 clusterIPs s*,"
            + "19 ipFamilies s*,20 allocateLoadBalancerNodePorts b,21 loadBalancerClass s,22 internalTrafficPolicy s",
        "ServicePort", "1 name s,2 protocol s,3 port i,4 targetPort x,5 nodePort i,6 appProtocol s",
        "Deployment", "1 metadata ObjectMeta,2 spec DeploymentSpec,3 status -",
        "DeploymentSpec", "1 replicas n,2 selector LabelSelector,3 template PodTemplateSpec,"
            + "4 strategy DeploymentStrategy,5 minReadySeconds i,6 revisionHistoryLimit n,7 paused f,"
            + "9 progressDeadlineSeconds n",
        "DeploymentStrategy", "1 type s",
        "LabelSelector", "1 matchLabels m,2 matchExpressions LabelSelectorRequirement*",
        "LabelSelectorRequirement", "1 key s,2 operator s,3 values s*",
        "PodTemplateSpec", "1 metadata ObjectMeta,2 spec PodSpec",
        "PodSpec", "2 containers Container*,3 restartPolicy s,6 dnsPolicy s,8 serviceAccountName s,"
            + "9 serviceAccount s,10 nodeName s,11 hostNetwork f,12 hostPID f,13 hostIPC f,16 hostname s,"
            + "17 subdomain s,19 schedulerName s",
        "Container", "1 name s,2 image s,3 command s*,4 args s*,5 workingDir s,6 ports ContainerPort*,7 env EnvVar*,"
            + "8 resources -,13 terminationMessagePath s,14 imagePullPolicy s,16 stdin f,17 stdinOnce f,18 tty f,"
            + "20 terminationMessagePolicy s",
        "ContainerPort", "1 name s,2 hostPort i,3 containerPort i,4 protocol s,5 hostIP s",
        "EnvVar", "1 name s,2 value s",
        "Role", "1 metadata ObjectMeta,2 rules PolicyRule*",
        "ClusterRole", "1 metadata ObjectMeta,2 rules PolicyRule*",
        "PolicyRule", "1 verbs s*,2 apiGroups s*,3 resources s*,4 resourceNames s*,5 nonResourceURLs s*",
        "RoleBinding", "1 metadata ObjectMeta,2 subjects Subject*,3 roleRef RoleRef",
        "ClusterRoleBinding", "1 metadata ObjectMeta,2 subjects Subject*,3 roleRef RoleRef",
        "Subject", "1 kind s,2 apiGroup s,3 name s,4 namespace s",
        "RoleRef", "1 apiGroup s,2 kind s,3 name s",
        "PodDisruptionBudget", "1 metadata ObjectMeta,2 spec PodDisruptionBudgetSpec,3 status -",
        "PodDisruptionBudgetSpec", "1 minAvailable X,2 selector LabelSelector,3 maxUnavailable X,"
            + "4 unhealthyPodEvictionPolicy s",
        "HorizontalPodAutoscaler", "1 metadata ObjectMeta,2 spec HorizontalPodAutoscalerSpec,3 status -",
        "HorizontalPodAutoscalerSpec", "1 scaleTargetRef CrossVersionObjectReference,2 minReplicas n,3 maxReplicas i,"
            + "4 metrics MetricSpec*",
        "CrossVersionObjectReference", "1 kind s,2 name s,3 apiVersion s",
        "MetricSpec", "1 type s,4 resource ResourceMetricSource",
        "ResourceMetricSource", "1 name s,2 target MetricTarget",
        "MetricTarget", "1 type s,4 averageUtilization n",
        "SelfSubjectAccessReview", "1 metadata ObjectMeta,2 spec SelfSubjectAccessReviewSpec,3 status -",
        "SelfSubjectAccessReviewSpec", "1 resourceAttributes ResourceAttributes,2 nonResourceAttributes "
            + "NonResourceAttributes",
        "ResourceAttributes", "1 namespace s,2 verb s,3 group s,4 version s,5 resource s,6 subresource s,7 name s",
        "NonResourceAttributes", "1 path s,2 verb s",
        "SelfSubjectReview", "1 metadata ObjectMeta,2 status -",
        "DeleteOptions", "1 gracePeriodSeconds n,2 preconditions Preconditions,3 orphanDependents b,"
            + "4 propagationPolicy s,5 dryRun s*",
        "Preconditions", "1 uid s,2 resourceVersion s");

    public static Result<JsonObject> Decode(byte[] bytes)
    {
        try
        {
            return DecodeEnvelope(bytes);
        }
        catch (Exception failure) when (failure is ArgumentException or IndexOutOfRangeException or OverflowException)
        {
            return ApiStatus.BadRequest("the request body is not well-formed protobuf");
        }
    }

    private static Result<JsonObject> DecodeEnvelope(byte[] bytes)
    {
        if (bytes.Length < 4 || !bytes.AsSpan(0, 4).SequenceEqual("k8s\0"u8))
        {
            return ApiStatus.BadRequest("the request body does not begin with the Kubernetes protobuf magic");
        }

        var apiVersion = "";
        var kind = "";
        ReadOnlySpan<byte> raw = default;
        var envelope = new Reader(bytes.AsSpan(4));
        while (envelope.Next(out var field, out _, out var content))
        {
            if (field == 1)
            {
                var typeMeta = new Reader(content);
                while (typeMeta.Next(out var part, out _, out var text))
                {
                    (apiVersion, kind) = part == 1
                        ? (Encoding.UTF8.GetString(text), kind)
                        : (apiVersion, Encoding.UTF8.GetString(text));
                }
            }
            else if (field == 2)
            {
                raw = content;
            }
        }

        if (!Messages.ContainsKey(kind))
        {
            return Unsupported($"{kind} ({apiVersion})");
        }

        var body = Message(kind, raw, out var unknown);
        if (unknown is not null)
        {
            return Unsupported($"{kind} with {unknown}");
        }

        body["apiVersion"] = apiVersion;
        body["kind"] = kind;
        return body;
    }

    private static ApiStatus Unsupported(string what) => ApiStatus.UnsupportedMediaType(
        $"this server does not read {what} as protobuf: send it as application/json, with kubectl by way of "
        + "--dry-run=client -o yaml | kubectl create -f -");

    private static JsonObject Message(string name, ReadOnlySpan<byte> bytes, out string? unknown)
    {
        unknown = null;
        var body = new JsonObject();
        var table = Messages[name];
        var reader = new Reader(bytes);
        while (reader.Next(out var number, out var varint, out var content))
        {
            if (!table.TryGetValue(number, out var field))
            {
                if (content.Length > 0 || varint != 0)
                {
                    unknown = $"field {number} of {name}";
                }

                continue;
            }

            var repeated = field.Type.EndsWith('*');
            var value = Value(field.Type.TrimEnd('*'), varint, content, body, field.Name, out var nested);
            unknown ??= nested;
            if (value is null)
            {
                // An empty text is nothing by itself, and an item in a list: the core group of a role's rule.
                if (field.Type != "s*")
                {
                    continue;
                }

                value = "";
            }

            if (repeated)
            {
                (body[field.Name] as JsonArray ?? AddList(body, field.Name)).Add(value);
            }
            else
            {
                body[field.Name] = value;
            }
        }

        return body;
    }

    private static JsonNode? Value(
        string type, long varint, ReadOnlySpan<byte> content, JsonObject body, string name, out string? unknown)
    {
        unknown = null;
        switch (type)
        {
            case "-":
                return null;
            case "s":
                return content.Length == 0 ? null : JsonValue.Create(Encoding.UTF8.GetString(content));
            case "i":
                return varint == 0 ? null : JsonValue.Create(varint);
            case "n":
                return varint;
            case "b":
                return varint != 0;
            case "f":
                return varint == 0 ? null : JsonValue.Create(true);
            case "x" or "X":
                return IntOrString(content, keepZero: type == "X");
            case "m" or "M":
                AddEntry(body.Child(name), content, bytes: type == "M");
                return null;
            default:
                var nested = Message(type, content, out unknown);
                return nested;
        }
    }

    private static JsonNode? IntOrString(ReadOnlySpan<byte> content, bool keepZero)
    {
        long type = 0, number = 0;
        var text = "";
        var reader = new Reader(content);
        while (reader.Next(out var field, out var varint, out var bytes))
        {
            type = field == 1 ? varint : type;
            number = field == 2 ? varint : number;
            text = field == 3 ? Encoding.UTF8.GetString(bytes) : text;
        }

        return type == 1 ? JsonValue.Create(text) : number == 0 && !keepZero ? null : JsonValue.Create(number);
    }

    private static void AddEntry(JsonObject map, ReadOnlySpan<byte> content, bool bytes)
    {
        var key = "";
        var value = "";
        var reader = new Reader(content);
        while (reader.Next(out var field, out _, out var part))
        {
            if (field == 1)
            {
                key = Encoding.UTF8.GetString(part);
            }
            else
            {
                value = bytes ? Convert.ToBase64String(part) : Encoding.UTF8.GetString(part);
            }
        }

        map[key] = value;
    }

    private static JsonArray AddList(JsonObject body, string name)
    {
        var list = new JsonArray();
        body[name] = list;
        return list;
    }

    private static Dictionary<string, Dictionary<int, (string, string)>> Tables(params string[] texts) =>
        texts.Chunk(2).ToDictionary(
            pair => pair[0],
            pair => pair[1].Split(',').Select(field => field.Split(' '))
                .ToDictionary(words => int.Parse(words[0]), words => (words[1], words[2])));

    /// <summary>Walks the fields of one message.</summary>
    private ref struct Reader(ReadOnlySpan<byte> bytes)
    {
        private ReadOnlySpan<byte> rest = bytes;

        public bool Next(out int field, out long varint, out ReadOnlySpan<byte> content)
        {
            field = 0;
            varint = 0;
            content = default;
            if (rest.IsEmpty)
            {
                return false;
            }

            var tag = Varint();
            field = (int)(tag >> 3);
            switch (tag & 7)
            {
                case 0:
                    varint = (long)Varint();
                    break;
                case 1:
                    varint = BinaryPrimitives.ReadInt64LittleEndian(rest);
                    rest = rest[8..];
                    break;
                case 2:
                    var length = checked((int)Varint());
                    content = rest[..length];
                    rest = rest[length..];
                    break;
                case 5:
                    varint = BinaryPrimitives.ReadInt32LittleEndian(rest);
                    rest = rest[4..];
                    break;
                default:
                    throw new ArgumentException("a wire type that is not used");
            }

            return true;
        }

        private ulong Varint()
        {
            ulong value = 0;
            for (var shift = 0; shift < 64; shift += 7)
            {
                var next = rest[0];
                rest = rest[1..];
                value |= (ulong)(next & 0x7f) << shift;
                if (next < 0x80)
                {
                    return value;
                }
            }

            throw new ArgumentException("a number that does not end");
        }
    }
}
