"""What an ApplicationSet makes of the parameters."""

from oracles.argocd.sets import Set, elements


def _one(made: Set, **more: object) -> None:
    made.generators = [elements({"name": "one", "Word": "A_b C", **more})]
    made.app_name = made.at("name")
    made.names = {"one"}


def verbatim(made: Set) -> None:
    """What names no parameter stays as it is."""
    made.is_go = False
    _one(made)
    made.notes = {
        "unknown": "{{unknown}}|{{ }}|{{}}|{{two words}}|{{.name}}",
        "spaces": "{{ name }}|{{name }}|{{{name}}}|{{name|upper}}",
        "open": "{{name",
        "close": "}}{{name}}",
        "dollar": "$name ${name}",
    }


def functions(made: Set) -> None:
    made.is_go = True
    _one(made, map={"a": "1"}, text="a: 1", many="[1, x]")
    made.notes = {
        "missing": "{{.none}}|{{.map.none}}|{{.none.deeper}}",
        "case": "{{ .name | upper }}{{ title .name }}{{ .name | quote }}",
        "normalize": '{{ normalize .Word }}|{{ normalize "a/B--c." }}',
        "slugify": '{{ slugify .Word }}|{{ slugify 5 true "Some Long/Branch" }}|{{ slugify 8 false "Some Long/Branch" }}',
        "yaml": "{{ toYaml .map }}|{{ (fromYaml .text).a }}|{{ index (fromYamlArray .many) 1 }}",
        "json": "{{ toJson .map }}|{{ .map }}",
        "flow": '{{ if eq .name "one" }}yes{{ else }}no{{ end }}{{ range $k, $v := .map }}{{ $k }}{{ $v }}{{ end }}',
        "default": '{{ default "x" .none }}|{{ coalesce .none .name }}|{{ ternary "a" "b" true }}',
        "lists": '{{ splitList "," "a,b" | join "-" }}|{{ dig "a" "z" .map }}|{{ len .name }}',
        "numbers": '{{ add 1 2 }}|{{ "1.2.3" | semver | printf "%v" }}|{{ int64 "5" }}',
    }  # fmt: skip


def missing_key(made: Set) -> None:
    made.is_go = True
    _one(made)
    made.spec["goTemplateOptions"] = [
        made.pick.choice(["missingkey=default", "missingkey=zero", "missingkey=error"])
    ]
    made.notes = {"there": "{{.name}}"}


def keys(made: Set) -> None:
    """Keys are templated too."""
    _one(made, key="mine")
    made.template = {"metadata": {"labels": {made.at("key"): made.at("name"), "kept": "x"}}}


def everywhere(made: Set) -> None:
    _one(made)
    helm = {
        "valuesObject": {"name": made.at("name"), "list": [made.at("name"), 1], "deep": {"x": True}},
        "parameters": [{"name": "p", "value": made.at("name")}],
    }
    made.script.write("charts/web/Chart.yaml", {"apiVersion": "v2", "name": "web", "version": "0.1.0"})
    made.script.files["charts/web/templates/a.yaml"] = (
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: web}\ndata: {v: {{ .Values | toJson | quote }}}\n"
    )
    made.source = made.script.source("charts/web", helm=helm)
    made.template = {
        "spec": {
            "syncPolicy": {"syncOptions": [f"Custom={made.at('name')}"]},
            "ignoreDifferences": [
                {"group": "apps", "kind": "Deployment", "jsonPointers": [f"/spec/{made.at('name')}"]}
            ],
            "info": [{"name": made.at("name"), "value": "v"}],
        }
    }


def patch(made: Set) -> None:
    """Lists take the place of what was there, maps are merged, and null takes away."""
    _one(made)
    made.source = made.script.source("sets/alpha", directory={"recurse": True, "include": "*.yaml"})
    made.template = {
        "metadata": {"labels": {"own": "1", "gone": "2"}},
        "spec": {
            "syncPolicy": {"syncOptions": ["B=true"], "retry": {"limit": 3}},
            "info": [{"name": "a", "value": "old"}, {"name": "b", "value": "old"}],
        },
    }
    made.spec["templatePatch"] = (
        f"metadata:\n  labels: {{gone: null, patched: 'yes'}}\n  annotations:\n    note: '{made.at('name')}'\n"
        "spec:\n  project: ignored\n  unknown: 1\n  source:\n    directory: {include: null}\n"
        "  syncPolicy:\n    syncOptions: [A=true]\n  info:\n  - {name: a, value: new}\n"
    )


def conditional_patch(made: Set) -> None:
    made.is_go = True
    made.generators = [
        elements({"name": "one", "auto": True}, {"name": "two", "files": ["x.yaml", "y.yaml"]})
    ]
    made.app_name = "{{.name}}"
    made.names = {"one", "two"}
    made.source = made.script.source("sets/beta", directory={"recurse": True})
    made.spec["templatePatch"] = (
        '{{- if .auto }}\nmetadata:\n  labels:\n    auto: "true"\n{{- end }}\n'
        "{{- if .files }}\nspec:\n  info:\n{{- range .files }}\n  - {name: file, value: {{ . }}}\n{{- end }}\n{{- end }}\n"
    )  # fmt: skip


def generator_template(made: Set) -> None:
    """Laid over the set's own."""
    own = {"metadata": {"labels": {"from": "generator"}},
           "spec": {"project": "", "destination": {"namespace": f"of-{made.at('name')}"},
                    "source": {"repoURL": "", "path": "sets/beta"}}}  # fmt: skip
    inner = elements({"name": "one"})
    inner["list"]["template"] = own
    made.generators = [inner, elements({"name": "two"})]
    made.app_name = made.at("name")
    made.template = {"metadata": {"labels": {"from": "set", "kept": "x"}}}
    made.names = {"one", "two"}


def policies(made: Set) -> None:
    _one(made)
    made.spec |= {
        "syncPolicy": {"preserveResourcesOnDeletion": True, "applicationsSync": "create-update"},
        "strategy": {
            "type": "RollingSync",
            "rollingSync": {
                "steps": [{"matchExpressions": [{"key": "e", "operator": "In", "values": ["x"]}]}]
            },
        },
        "preservedFields": {"annotations": ["kept"]},
    }


def finalizers(made: Set) -> None:
    _one(made)
    made.template = {"metadata": {"finalizers": made.pick.choice([[], ["example.invalid/own"]])}}


def sources(made: Set) -> None:
    _one(made)
    both = [made.script.source("sets/alpha"), made.script.source(f"sets/{made.at('other')}")]
    made.generators = [elements({"name": "one", "other": "beta"})]
    made.source = {}
    made.template = {"spec": {"sources": both}}


FEATURES = {
    "template: what stays as it is": verbatim,
    "goTemplate: functions": functions,
    "goTemplateOptions": missing_key,
    "template: keys": keys,
    "template: everywhere": everywhere,
    "templatePatch": patch,
    "templatePatch: conditions": conditional_patch,
    "template of a generator": generator_template,
    "policies of a set": policies,
    "template: finalizers": finalizers,
    "template: sources": sources,
}
