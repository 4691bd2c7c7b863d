"""The arguments that Argo CD gives kustomize: `kustomize.buildOptions` of argocd-cm, as far as a file says them.

Without them kustomize inflates no chart, and reads no file outside of a kustomization's directory. Where nobody knows
them what is there is rendered, and it is said what Argo CD needs for that.
"""

from collections.abc import Iterator
from itertools import zip_longest
from typing import Any

from bot.model.rendering import Diagnostic, Severity
from bot.model.target import Target
from bot.render.argocd.fields import Fields
from bot.render.ground import Site
from bot.render.notes import Notes

OPTIONS = "buildOptions"
"""Where they stand among the options of a concrete target: absent where they are not known."""
HELM = "--enable-helm"
FUNCTIONS = "--enable-alpha-plugins"
ANYWHERE = "LoadRestrictionsNone"
_RESTRICTOR = "--load-restrictor"
_TRUE = frozenset({"1", "t", "T", "true", "TRUE", "True"})
_CHARTS = "its kustomization inflates charts"
_FUNCTIONS = "its kustomization asks for functions or plugins of kustomize"
_SHOWN = 200


def build_options(options: Fields, target: Target) -> dict[str, str]:
    """Those for the kustomize that the source asks for. Raises `Unrenderable`."""
    known = known_options(options, target)
    return {} if known is None else {OPTIONS: known}


def known_options(options: Fields, target: Target) -> str | None:
    """None where nothing says them. Raises `Unrenderable`."""
    if target.argocd is None:
        return None
    installation, version = target.argocd.installation, options.text("version")
    return installation.kustomize_versions.get(version) if version else installation.build_options


def inflates(options: str) -> bool:
    return _says(options, HELM)


def _says(options: str, flag: str) -> bool:
    given = [value for name, value, _ in _flags(options) if name == flag]
    return bool(given) and (not given[-1] or given[-1] in _TRUE)


def is_restricted(options: str) -> bool:
    """Whether kustomize reads no file outside of a kustomization's directory."""
    given = [value or after for name, value, after in _flags(options) if name == _RESTRICTOR]
    return not given or given[-1] != ANYWHERE


def _flags(options: str) -> Iterator[tuple[str, str, str]]:
    """Each word: what stands before its equals sign and behind it, and the word that follows."""
    words = options.split()
    for word, after in zip_longest(words, words[1:], fillvalue=""):
        name, _, value = word.partition("=")
        yield name, value, after


def runs_functions(options: str) -> bool:
    return _says(options, FUNCTIONS)


def remark_on_charts(target: Target) -> Diagnostic | None:
    """Of a concrete target whose kustomization inflates charts."""
    return _remark(target, _CHARTS, HELM)


def remark_on_functions(target: Target) -> Diagnostic | None:
    """Of one whose kustomization asks for functions that somebody runs."""
    return _remark(target, _FUNCTIONS, FUNCTIONS)


def unmapped_functions(target: Target) -> Diagnostic:
    """Of one whose kustomization asks for functions that nobody runs."""
    message = (
        f"{_FUNCTIONS}: these take a program that the operator gives, which is `kustomize.command` in config.yaml, and a "
        "kustomization that inflates no chart and names no other repository"
    )
    return Diagnostic(Severity.ERROR, message, target.origin.file, target.origin.line)


def _remark(target: Target, asks: str, flag: str) -> Diagnostic | None:
    origin, known = target.origin, _known(target)
    if known is None:
        message = (
            f"{asks}, which Argo CD does only with `kustomize.buildOptions: {flag}` in argocd-cm, {_NOWHERE}"
        )
        return Diagnostic(Severity.WARNING, message, origin.file, origin.line)
    if _says(known, flag):
        return None
    message = f"{asks}, which Argo CD refuses: {_without(known)} {flag}"
    return Diagnostic(Severity.ERROR, message, origin.file, origin.line)


class Restrictor:
    """What one walk reads outside of the kustomizations that name it. Only Argo CD minds."""

    def __init__(self, target: Target, notes: Notes) -> None:
        known = _known(target)
        self._is_idle = target.argocd is None or (known is not None and not is_restricted(known))
        self._known = known
        self._notes = notes
        self._first: tuple[str, str, Site] | None = None
        self._others = 0

    def look(self, field: str, text: str, path: str, site: Site) -> None:
        """`path` is the file that `text` leads to, with links followed, of a kustomization in `site.base`."""
        if self._is_idle or site.ground.prefix or not site.base or path.startswith(f"{site.base}/"):
            return
        if self._first is None:
            self._first = field, text, site
        else:
            self._others += 1

    def tell(self) -> None:
        """One sentence for all of them."""
        if self._first is None:
            return
        field, text, site = self._first
        plural = "s" if self._others > 1 else ""
        more = f" and {self._others} more file{plural} lie" if self._others else " lies"
        lies = f"{field}: {text[:_SHOWN]!r}{more} outside of the directory of the kustomization"
        line = self._notes.line(site.ground, site.file, text)
        if self._known is None:
            needed = f"`kustomize.buildOptions: {_RESTRICTOR} {ANYWHERE}` in argocd-cm, {_NOWHERE}"
            self._notes.warn(f"{lies}, which Argo CD reads only with {needed}", site.file, line)
        else:
            message = f"{lies}, which Argo CD refuses: {_without(self._known)} {_RESTRICTOR} {ANYWHERE}"
            self._notes.refuse(message, site.file, line)


_NOWHERE = "which no file here says"


def _known(target: Target) -> str | None:
    known: Any = target.options.get(OPTIONS) if target.argocd is not None else None
    return known if isinstance(known, str) else None


def _without(known: str) -> str:
    return f"`kustomize.buildOptions` in argocd-cm is {known[:_SHOWN]!r}, without"
