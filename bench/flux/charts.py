"""The charts that the generated repository brings along: eight, of the kinds that a platform team keeps for its apps.

Each is made of parts that share one file of named templates, as charts from `helm create` are. Every value that a
release sets shows in what it renders to.
"""

from collections.abc import Mapping

PARTS: Mapping[str, tuple[str, ...]] = {
    "web": ("deployment", "service", "ingress", "autoscaler", "account", "config", "budget"),
    "worker": ("deployment", "account", "config"),
    "batch": ("cronjob", "account", "config"),
    "database": ("statefulset", "service", "account", "config", "budget"),
    "cache": ("statefulset", "service", "config"),
    "gateway": ("deployment", "service", "autoscaler", "account", "access", "config", "budget"),
    "operator": ("deployment", "account", "access", "config"),
    "exporter": ("deployment", "service", "config"),
}
"""Templates of each chart."""

NAMES = tuple(PARTS)


def files() -> dict[str, str]:
    return {path: text for name, parts in PARTS.items() for path, text in _chart(name, parts).items()}


def _chart(name: str, parts: tuple[str, ...]) -> dict[str, str]:
    directory = f"charts/{name}"
    return {
        f"{directory}/Chart.yaml": _CHART.replace("NAME", name),
        f"{directory}/values.yaml": _VALUES.replace("NAME", name),
        f"{directory}/.helmignore": "*.md\n.git/\n",
        f"{directory}/templates/_names.tpl": _NAMES.replace("CHART", name),
        f"{directory}/templates/NOTES.txt": f"{name} is on its way.\n",
        **{f"{directory}/templates/{part}.yaml": _part(name, part) for part in parts},
    }


def _part(chart: str, part: str) -> str:
    text = _TEMPLATES.get(part) or _TEMPLATES["deployment"].replace(*_STATEFUL)
    return text.replace("#HEAD\n", _HEAD).replace("#POD", _POD).replace("CHART", chart)


_CHART = """\
apiVersion: v2
name: NAME
description: What every NAME of the platform looks like.
type: application
version: 1.4.0
appVersion: "2.0"
"""

_VALUES = """\
replicas: 1
domain: example.test
image:
  repository: registry.example.test/NAME
  tag: ""
  pullPolicy: IfNotPresent
port: 8080
schedule: "15 3 * * *"
settings: {}
environment: {}
resources:
  requests:
    cpu: 50m
    memory: 64Mi
  limits:
    memory: 256Mi
autoscaling:
  enabled: false
  maximum: 4
labels: {}
"""

_NAMES = """\
{{- define "CHART.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{- define "CHART.fullname" -}}
{{- printf "%s-%s" .Release.Name (include "CHART.name" .) | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{- define "CHART.selector" -}}
app.kubernetes.io/name: {{ include "CHART.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "CHART.labels" -}}
{{ include "CHART.selector" . }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
app.kubernetes.io/version: {{ .Values.image.tag | default .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- with .Values.labels }}
{{ toYaml . }}
{{- end }}
{{- end -}}
"""

_HEAD = """\
metadata:
  name: {{ include "CHART.fullname" . }}
  labels:
    {{- include "CHART.labels" . | nindent 4 }}
"""

_POD = """\
metadata:
      labels:
        {{- include "CHART.labels" . | nindent 8 }}
      annotations:
        example.test/domain: {{ .Values.domain | quote }}
        checksum/config: {{ toYaml .Values.settings | sha256sum }}
    spec:
      serviceAccountName: {{ include "CHART.fullname" . }}
      securityContext:
        runAsNonRoot: true
        seccompProfile:
          type: RuntimeDefault
      containers:
        - name: {{ .Chart.Name }}
          image: "{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}"
          imagePullPolicy: {{ .Values.image.pullPolicy }}
          ports:
            - name: http
              containerPort: {{ .Values.port }}
          env:
            - name: DOMAIN
              value: {{ .Values.domain | quote }}
            {{- range $name, $value := .Values.environment }}
            - name: {{ $name }}
              value: {{ $value | quote }}
            {{- end }}
          envFrom:
            - configMapRef:
                name: {{ include "CHART.fullname" . }}
          readinessProbe:
            httpGet:
              path: /healthz
              port: http
          resources:
            {{- toYaml .Values.resources | nindent 12 }}"""

_STATEFUL = ("kind: Deployment", "kind: StatefulSet")

_TEMPLATES = {
    "deployment": """\
apiVersion: apps/v1
kind: Deployment
#HEAD
spec:
  {{- if not .Values.autoscaling.enabled }}
  replicas: {{ .Values.replicas }}
  {{- end }}
  selector:
    matchLabels:
      {{- include "CHART.selector" . | nindent 6 }}
  template:
    #POD
""",
    "cronjob": """\
apiVersion: batch/v1
kind: CronJob
#HEAD
spec:
  schedule: {{ .Values.schedule | quote }}
  concurrencyPolicy: Forbid
  jobTemplate:
    spec:
      backoffLimit: {{ .Values.replicas }}
      template:
        metadata:
          annotations:
            example.test/domain: {{ .Values.domain | quote }}
        spec:
          restartPolicy: Never
          containers:
            - name: {{ .Chart.Name }}
              image: "{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}"
              envFrom:
                - configMapRef:
                    name: {{ include "CHART.fullname" . }}
""",
    "service": """\
apiVersion: v1
kind: Service
#HEAD
spec:
  selector:
    {{- include "CHART.selector" . | nindent 4 }}
  ports:
    - name: http
      port: 80
      targetPort: http
""",
    "ingress": """\
apiVersion: networking.k8s.io/v1
kind: Ingress
#HEAD
spec:
  rules:
    - host: {{ printf "%s.%s" .Release.Name .Values.domain | quote }}
      http:
        paths:
          - path: /
            pathType: Prefix
            backend:
              service:
                name: {{ include "CHART.fullname" . }}
                port:
                  name: http
""",
    "autoscaler": """\
{{- if .Values.autoscaling.enabled }}
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
#HEAD
spec:
  scaleTargetRef:
    apiVersion: apps/v1
    kind: Deployment
    name: {{ include "CHART.fullname" . }}
  minReplicas: {{ .Values.replicas }}
  maxReplicas: {{ .Values.autoscaling.maximum }}
{{- end }}
""",
    "account": """\
apiVersion: v1
kind: ServiceAccount
#HEAD
""",
    "access": """\
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
#HEAD
rules:
  - apiGroups: [""]
    resources: [configmaps]
    verbs: [get, list, watch]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
#HEAD
roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: Role
  name: {{ include "CHART.fullname" . }}
subjects:
  - kind: ServiceAccount
    name: {{ include "CHART.fullname" . }}
""",
    "config": """\
apiVersion: v1
kind: ConfigMap
#HEAD
data:
  DOMAIN: {{ .Values.domain | quote }}
  {{- range $key, $value := .Values.settings }}
  {{ $key }}: {{ $value | quote }}
  {{- end }}
""",
    "budget": """\
apiVersion: policy/v1
kind: PodDisruptionBudget
#HEAD
spec:
  maxUnavailable: 1
  selector:
    matchLabels:
      {{- include "CHART.selector" . | nindent 6 }}
""",
}
