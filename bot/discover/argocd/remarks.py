"""What people should know of an object of Argo CD that can be read all the same."""

from collections.abc import Iterable, Iterator
from itertools import islice

from bot.discover.argocd import projects
from bot.discover.argocd.application import (
    Source,
    application_target,
    names_in_files,
    sources_of,
    written_sources,
)
from bot.discover.argocd.applied import keeps_nulls, nulls
from bot.discover.argocd.context import ArgoContext
from bot.discover.argocd.destinations import why_missing
from bot.discover.argocd.forbidden import Wanted, severity_of, why_forbidden
from bot.discover.argocd.objects import Identity, is_application, is_project, texts
from bot.discover.argocd.project_spec import PROJECT
from bot.discover.argocd.settings import WAVE, is_wave
from bot.discover.argocd.specs import APPLICATION
from bot.discover.argocd.sync_options import CREATES_NAMESPACE, passed_over
from bot.discover.argocd.urls import normal_git_url
from bot.discover.argocd.windows import described, windows_of
from bot.discover.fields import mapping, text
from bot.discover.objects import DeclaredObject, Malformed
from bot.discover.schema import Fields, shown, unread
from bot.discover.spec import Spec
from bot.model.argocd import ArgoSettings
from bot.model.objects import Manifest
from bot.model.rendering import Diagnostic, Severity

_SHOWN = 3
_SKIPS = "argocd.argoproj.io/skip-reconcile"
_PATHS = "argocd.argoproj.io/manifest-generate-paths"
_TRUE = frozenset({"1", "t", "T", "true", "TRUE", "True"})
"""As Go reads them."""

_Remark = tuple[Severity, str]


def notices(found: DeclaredObject, context: ArgoContext) -> tuple[Diagnostic, ...]:
    """Remarks about one Application, with what its AppProject forbids it as errors, or about one AppProject.

    Empty for anything else, and where it has no name.
    """
    try:
        identity = Identity.of(found.manifest)
    except Malformed:
        return ()
    if is_application(found.manifest):
        remarks = _of_application(found, context)
    else:
        remarks = _of_project(found.manifest) if is_project(found.manifest) else iter(())
    return tuple(
        Diagnostic(severity, f"{identity.ref} {sentence}", found.file, found.line)
        for severity, sentence in remarks
    )


def _of_application(found: DeclaredObject, context: ArgoContext) -> Iterator[_Remark]:
    spec = Spec.of(found.manifest, APPLICATION)
    settings = application_target(found, context, "").argocd
    assert settings is not None
    sources = sources_of(found, spec, context)
    wanted = Wanted(settings, tuple(_urls(spec, sources)))
    yield from ((severity_of(context), sentence) for sentence in why_forbidden(wanted, context))
    yield from _on_project(settings, context)
    elsewhere = why_missing(settings.destination, context)
    if elsewhere:
        yield Severity.WARNING, elsewhere
    if spec.written and spec.written.get("project") is None:
        yield Severity.WARNING, "has no spec.project: a cluster refuses it"
    yield from _unknown_fields(spec, APPLICATION)
    yield from ((Severity.WARNING, sentence) for sentence in _without_effect(found, spec, settings))
    yield from ((Severity.WARNING, sentence) for sentence in _on_references(sources))
    yield from ((Severity.NOTICE, sentence) for sentence in _worth_knowing(found, spec))
    for source in sources:
        yield from ((Severity.NOTICE, remark) for remark in source.place.remarks)


def _on_project(settings: ArgoSettings, context: ArgoContext) -> Iterator[_Remark]:
    missing = context.projects.why_missing(settings.project)
    if missing:
        yield Severity.WARNING, f"is of AppProject {settings.project}, which {missing}"
    for project in context.projects.named(settings.project)[:1]:
        windows = windows_of(project.spec, settings)
        if windows:
            when = described(windows)
            yield (
                Severity.NOTICE,
                f"falls in sync windows of {project.ref}, {when}: Argo CD may put a sync off",
            )
        demands = [name for name in ("signatureKeys", "sourceIntegrity") if project.spec.get(name)]
        if demands:
            yield Severity.NOTICE, f"takes signed commits only, as spec.{demands[0]} of {project.ref} demands"


def _urls(spec: Spec, sources: Iterable[Source]) -> Iterator[tuple[str, str]]:
    """Every repository that it names, by its field."""
    yield from ((f"{source.at}.repoURL", text(source.fields, "repoURL")) for source in sources)
    hydrator = mapping(spec.fields.get("sourceHydrator"))
    pushed_to = text(mapping(hydrator.get("syncSource")), "repoURL")
    if pushed_to and pushed_to != text(mapping(hydrator.get("drySource")), "repoURL"):
        yield "spec.sourceHydrator.syncSource.repoURL", pushed_to


def _on_references(sources: Iterable[Source]) -> Iterator[str]:
    """Argo CD has one checkout of a repository at a time."""
    by_name = {text(source.fields, "ref"): source for source in sources}
    for source in sources:
        for name in dict.fromkeys(names_in_files(mapping(source.fields.get("helm")))):
            other = by_name.get(name, source)
            one, two = (normal_git_url(text(each.fields, "repoURL")) for each in (source, other))
            if one == two and source.place.reference != other.place.reference:
                yield (
                    f"names a file of ${name} in {source.at}.helm, which is the same repository at another revision: Argo CD "
                    "refuses that unless both lead to one commit"
                )


def _unknown_fields(spec: Spec, shape: Fields) -> Iterator[_Remark]:
    # NB: each is compared with what there is, and a hostile object may have a hundred thousand.
    names = list(islice(unread(spec.written, shape, "spec"), _SHOWN + 1))
    if names:
        more = " and more" if len(names) > _SHOWN else ""
        are = "is no field" if len(names) == 1 else "are no fields"
        yield (
            Severity.WARNING,
            f"has {', '.join(names[:_SHOWN])}{more}, which {are} that Longshore knows: a cluster throws it away",
        )


def _without_effect(found: DeclaredObject, spec: Spec, settings: ArgoSettings) -> Iterator[str]:
    names = ("sourceHydrator", "sources", "source")
    several = [name for name in names if spec.fields.get(name)]
    if len(several) > 1:
        yield f"has spec.{several[0]} beside spec.{' and spec.'.join(several[1:])}: Argo CD takes spec.{several[0]} alone"
    ignored = list(islice(passed_over(settings.sync_options), _SHOWN))
    if ignored:
        yield f"has {', '.join(ignored)}, which Argo CD passes over"
    gone = [f"{at}.{path}" for each, at in written_sources(spec) for path in islice(nulls(each), _SHOWN)]
    if gone and not keeps_nulls(found.manifest):
        yield (
            f"has null in {', '.join(gone[:_SHOWN])}: kubectl apply takes that away, and so does Argo CD unless it applies on "
            "the server's side, so that what the chart has there stays; null in `helm.values` unsets it"
        )
    policy = mapping(spec.fields.get("syncPolicy"))
    if policy.get("managedNamespaceMetadata") and CREATES_NAMESPACE not in settings.sync_options:
        yield f"has spec.syncPolicy.managedNamespaceMetadata, which does nothing without the sync option {CREATES_NAMESPACE}"
    wave = texts(found.manifest, "annotations").get(WAVE)
    if wave is not None and not is_wave(wave):
        yield f"has {shown(wave)} in the annotation {WAVE}, which is no whole number: it counts as 0"


def _worth_knowing(found: DeclaredObject, spec: Spec) -> Iterator[str]:
    annotations = texts(found.manifest, "annotations")
    if annotations.get(_SKIPS) in _TRUE:
        yield f"has the annotation {_SKIPS}: Argo CD does nothing with it until that is gone"
    if found.manifest.get("operation") is not None:
        yield "has an operation beside its spec: Argo CD starts it each time that this is applied"
    if annotations.get(_PATHS):
        yield (
            f"says in the annotation {_PATHS} which paths concern it: after a change elsewhere Argo CD may keep "
            "what it rendered before"
        )
    hydrator = spec.fields.get("sourceHydrator")
    if hydrator is not None:
        yield _hydrated(hydrator)


def _hydrated(hydrator: Manifest) -> str:
    into = mapping(hydrator.get("syncSource"))
    branch, path = text(into, "targetBranch"), text(into, "path")
    first = text(mapping(hydrator.get("hydrateTo")), "targetBranch")
    by_way = f", by way of branch {shown(first)}, from where somebody merges it," if first else ""
    return f"is hydrated: what it renders to goes to branch {shown(branch)}, below {shown(path)}{by_way} and is synced from there"


def _of_project(manifest: Manifest) -> Iterator[_Remark]:
    project = projects.read(manifest)
    assert project is not None
    if project.unknown_because:
        why = project.unknown_because
        yield Severity.WARNING, f"cannot be read, so that what it forbids is not known: {why}"
        return
    yield from _unknown_fields(Spec.of(manifest, PROJECT), PROJECT)
    for index, entry in enumerate(project.spec.get("sourceRepos", ())):
        if entry == "!*" or not normal_git_url(entry.removeprefix("!")):
            what = "which Argo CD does not take" if entry == "!*" else "which is no URL and matches none"
            yield Severity.WARNING, f"has {shown(entry)} in spec.sourceRepos[{index}], {what}"
