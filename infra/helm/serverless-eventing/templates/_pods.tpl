{{/* What more than one pod of ours has. */}}

{{- define "eventing.labels" -}}
app.kubernetes.io/component: {{ .component }}
app.kubernetes.io/part-of: serverless-eventing
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
{{- end }}

{{- define "eventing.image" -}}
{{ .root.Values.image.registry }}serverless-eventing/{{ .name }}:{{ .root.Values.image.tag | default .root.Chart.AppVersion }}
{{- end }}

{{- define "eventing.podSecurity" -}}
runAsNonRoot: true
runAsUser: 1654
seccompProfile:
  type: RuntimeDefault
{{- end }}

{{- define "eventing.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end }}

{{- define "eventing.serviceBus" -}}
{{- if eq .root.Values.serviceBus.auth "workloadIdentity" -}}
- name: ServiceBusConnection__fullyQualifiedNamespace
  value: {{ .root.Values.serviceBus.fullyQualifiedNamespace }}
{{- else -}}
- name: ServiceBusConnection
  valueFrom:
    secretKeyRef:
      name: {{ .root.Values.serviceBus.secretName }}
      key: {{ .key }}
{{- end }}
- name: RoutingTableToken
  valueFrom:
    secretKeyRef:
      name: {{ .root.Values.routingTokenSecretName }}
      key: token
{{- end }}

{{- define "eventing.identityLabel" -}}
{{- if eq .Values.serviceBus.auth "workloadIdentity" }}
azure.workload.identity/use: "true"
{{- end }}
{{- end }}
