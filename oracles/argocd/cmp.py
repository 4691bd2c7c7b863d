"""Argo CD's config management plugins: each a server of its own beside the repo-server, and the same program for us."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bot.model.programs import Plugin, Program, Programs
from bot.proc.programs import find
from oracles.argocd.features.programs import FINDING, MARK, NAMED
from oracles.processes import component
from tests.sandbox.cluster.process import Component

_TOLD = """\
printf -- '---\\napiVersion: v1\\nkind: ConfigMap\\nmetadata: {name: told}\\ndata:\\n'
for name in ARGOCD_APP_NAME ARGOCD_APP_NAMESPACE ARGOCD_APP_PROJECT_NAME ARGOCD_APP_SOURCE_PATH \\
  ARGOCD_APP_SOURCE_REPO_URL ARGOCD_APP_SOURCE_TARGET_REVISION ARGOCD_APP_PARAMETERS ARGOCD_ENV_FOO ARGOCD_ENV_EMPTY \\
  ARGOCD_ENV_KUBE KUBE_VERSION PARAM_SOME_TEXT PARAM_FILES_0 PARAM_FILES_1 PARAM_FILES PARAM_NOTHING PARAM_NOTHING_0 \\
  PARAM_IMAGE_TAG_NAME PARAM_IMAGE_OTHER; do
  eval "value=\\${$name-unset}"
  printf "  %s: '%s'\\n" "$name" "$value"
done
printf "  here: '%s'\\n" "$(ls | tr '\\n' ' ')"
printf "  above: '%s'\\n" "$(ls ../.. | tr '\\n' ' ')"
for file in *.yaml; do echo ---; cat "$file"; done
"""
_SYSTEM = tuple(path for path in ("/usr", "/bin", "/lib", "/lib64") if Path(path).exists())
_COMMAND = ("/bin/sh", "-c", _TOLD)
_PROGRAM = Program(_COMMAND, read=_SYSTEM, env={"PATH": "/usr/bin:/bin"})


def programs() -> Programs:
    """What we map them to."""
    plugins = (Plugin(NAMED, _PROGRAM), Plugin(FINDING, _PROGRAM, glob=f"**/{MARK}"))
    return Programs(plugins, Program((str(find("jsonnet")),)))


def plugin_servers(environment: Mapping[str, str], directory: Path) -> list[Component]:
    name, _, version = FINDING.partition("-")
    return [
        _server(NAMED, {}, environment, directory),
        _server(
            name, {"version": version, "discover": {"find": {"glob": f"**/{MARK}"}}}, environment, directory
        ),
    ]


def _server(name: str, spec: Mapping[str, Any], environment: Mapping[str, str], directory: Path) -> Component:
    home = directory / f"cmp-{name}"
    home.mkdir()
    generate = {"command": list(_COMMAND[:2]), "args": list(_COMMAND[2:])}
    declared = {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "ConfigManagementPlugin",
        "metadata": {"name": name},
        "spec": {**spec, "generate": generate},
    }
    (home / "plugin.yaml").write_text(json.dumps(declared), encoding="utf-8")
    own = {"ARGOCD_BINARY_NAME": "argocd-cmp-server", "ARGOCD_CMP_WORKDIR": str(home)}
    flags = ["--config-dir-path", str(home), "--logformat", "text", "--loglevel", "warn"]
    return component(f"cmp-{name}", "argocd", flags, {**environment, **own}, directory)
