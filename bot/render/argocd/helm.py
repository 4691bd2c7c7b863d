"""A source's `helm` options as a release, as the repo-server turns them into arguments of `helm template`."""

import re
from dataclasses import replace
from typing import Any

from bot.model.manifests import MAX_INPUT_BYTES
from bot.model.release import Chart, ChartKind, CrdPolicy, Parameter, Release
from bot.model.target import Target
from bot.render.argocd.environment import Environment
from bot.render.argocd.fields import Fields
from bot.render.argocd.places import Places
from bot.render.argocd.versions import kube_version
from bot.render.errors import Unrenderable
from bot.render.helm.values import every_document

_VERSIONS = frozenset({"", "v3", "3"})
_BARE_COMMA = re.compile(r"(?<!\\),")


def release(target: Target, options: Fields, places: Places, environment: Environment) -> Release:
    """Raises `Unrenderable` with the field. `places.directory` is the chart's where it lies in the source's tree."""
    name = target.argocd.ref.name if target.argocd else target.id.name.rpartition("/")[2]
    must_know_version(options)
    options.flag("passCredentials")
    base = target.release or Release(name, target.namespace, Chart(ChartKind.TREE, places.directory))
    ignore_missing = options.flag("ignoreMissingValueFiles")
    crds = CrdPolicy.SKIP if options.flag("skipCrds") else CrdPolicy.CREATE
    try:
        files = places.values_files(options.texts("valueFiles"), ignore_missing=ignore_missing)
    except Unrenderable as error:
        raise type(error)(f"{options.at}.valueFiles: {error.message}", file=error.file) from None
    return replace(
        base,
        name=options.text("releaseName") or name,
        namespace=options.text("namespace") or target.namespace or "default",
        values=_values(options),
        values_files=files,
        ignores_missing_files=ignore_missing,
        parameters=_parameters(options, places, environment),
        install_crds=crds,
        upgrade_crds=crds,
        skips_schema=options.flag("skipSchemaValidation"),
        skips_tests=options.flag("skipTests"),
        kube_version=kube_version(options),
        api_versions=options.texts("apiVersions"),
    )


def must_know_version(options: Fields) -> None:
    """Raises `Unrenderable` for a Helm that Argo CD does not have any more."""
    if options.text("version") not in _VERSIONS:
        raise options.bad("version", "is none that Argo CD knows; leave it out")


def file_parameter(each: Fields) -> str:
    """The name of a parameter with a file's text. Raises `Unrenderable` for one that would name files of its own."""
    name = each.text("name")
    if "," in name or "=" in name:
        raise each.bad("name", "holds a comma or an equals sign, behind which Helm would read another file")
    return name


def _values(options: Fields) -> dict[str, Any]:
    """`valuesObject`, or else the text in `values`: never both."""
    if options.anything("valuesObject") is not None:
        return dict(options.mapping("valuesObject"))
    text = options.text("values").encode("utf-8", "surrogateescape")
    if len(text) > MAX_INPUT_BYTES:
        raise options.bad("values", f"is larger than {MAX_INPUT_BYTES // 1024**2} MiB")
    try:
        return every_document(text)
    except Unrenderable as error:
        raise options.bad("values", error.message) from None


def _parameters(options: Fields, places: Places, environment: Environment) -> tuple[Parameter, ...]:
    """In the order in which Helm sets them: as `--set`, as `--set-string`, from files. Of equal names the last counts."""
    typed: dict[str, Parameter] = {}
    texts: dict[str, Parameter] = {}
    for each in options.each("parameters"):
        name, is_text = each.text("name"), each.flag("forceString")
        value = _escaped(environment.substituted(each.text("value")))
        (texts if is_text else typed)[name] = Parameter(name, value, is_text)
    files: dict[str, Parameter] = {}
    for each in options.each("fileParameters"):
        name = file_parameter(each)
        try:
            files[name] = Parameter(name, is_text=True, file=places.existing(each.text("path")))
        except Unrenderable as error:
            raise type(error)(f"{each.at}.path: {error.message}", file=error.file) from None
    return (*typed.values(), *texts.values(), *files.values())


def _escaped(value: str) -> str:
    """A comma is a letter, unless the whole is a list in Helm's grammar."""
    is_list = value.startswith("{") and value.endswith("}")
    return value if is_list else _BARE_COMMA.sub(r"\\,", value)
