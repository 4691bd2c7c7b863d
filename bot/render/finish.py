"""What Flux does to a rendering after the build: substitution first, then common metadata. Argo CD's way is its own."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import replace

from bot.model.manifests import canonical_json
from bot.model.objects import Object
from bot.model.rendering import Diagnostic, Hole, Rendering, Severity
from bot.model.target import Found, Target
from bot.render.argocd.environment import stand_ins
from bot.render.argocd.finish import as_argocd_applies
from bot.render.given import Given
from bot.render.overlay import with_common_metadata
from bot.render.sops.decrypt import stays_encrypted
from bot.render.substitution import Substituted, substitute

_MOST_REMARKS = 20
_MOST_NAMED = 10


def finished(built: Rendering, target: Target, given: Given) -> Rendering:
    """The rendering as Flux would apply it. What is not known here stays as it was written and is said."""
    if built.failed:
        return built
    if target.argocd is not None:
        return as_argocd_applies(built, target, stand_ins(canonical_json(dict(target.overlay))))
    substitution = given.substitution
    done = substitute(built.objects, substitution) if substitution else Substituted(built.objects)
    if done.problems:
        return Rendering((), tuple(_placed(done.problems, target)), secrets=built.secrets, is_lasting=True)
    metadata = target.overlay.get("commonMetadata") or {}
    objects = (
        tuple(Object(o.id, with_common_metadata(o.manifest, metadata)) for o in done.objects)
        if metadata
        else done.objects
    )
    told = [*_unknown(done.holes), *_assumed(done), *_refused(built.objects, target)]
    remarks = tuple(_placed(told, target))
    return replace(
        built,
        objects=objects,
        diagnostics=(*built.diagnostics, *remarks),
        holes=(*built.holes, *done.holes),
    )


def _refused(objects: Iterable[Object], target: Target) -> Iterator[Diagnostic]:
    """A Secret that Flux was not told to decrypt: since its 2.9 the cluster gets the ciphertext, before it got nothing."""
    if target.decryption is not None or target.origin.found is not Found.FLUX_KUSTOMIZATION:
        return
    for found in objects:
        is_secret = (found.id.group, found.id.kind) == ("", "Secret")
        if is_secret and "sops" in found.manifest and not stays_encrypted(found.manifest):
            message = (
                f"{found.id} is encrypted with SOPS and spec.decryption is not set: the cluster gets the ciphertext "
                "as its values, or nothing at all where Flux is older than 2.9"
            )
            yield Diagnostic(Severity.WARNING, message)
            return


def _unknown(holes: Iterable[Hole]) -> Iterator[Diagnostic]:
    """Once for what one source keeps to itself, however many variables it may set."""
    named: dict[str, Counter[str]] = defaultdict(Counter)
    for hole in holes:
        named[hole.reason][hole.name] += 1
    for reason, names in sorted(named.items())[:_MOST_REMARKS]:
        number = names.total()
        fields = "1 field holds" if number == 1 else f"{number} fields hold"
        are = "is" if len(names) == 1 else "are"
        message = f"{fields} {_variables(names)}, which {are} not known here: {reason}"
        yield Diagnostic(Severity.NOTICE, message)


def _assumed(done: Substituted) -> Iterator[Diagnostic]:
    named: dict[str, list[str]] = defaultdict(list)
    for name, why in done.assumed:
        named[why.reason].append(name)
    for reason, names in sorted(named.items())[:_MOST_REMARKS]:
        value = "has its declared value" if len(names) == 1 else "have their declared values"
        message = f"{_variables(names)} {value}, unless another overrides {'it' if len(names) == 1 else 'them'}: {reason}"
        yield Diagnostic(Severity.NOTICE, message)


def _variables(names: Iterable[str]) -> str:
    """`${a}, ${b} and ${c}`, or so many of them as people read."""
    shown = [f"${{{name}}}" for name in sorted(names)]
    if len(shown) > _MOST_NAMED:
        return f"{', '.join(shown[:_MOST_NAMED])} and {len(shown) - _MOST_NAMED} more variables"
    return " and ".join([*([", ".join(shown[:-1])] if shown[1:] else []), shown[-1]])


def _placed(diagnostics: Iterable[Diagnostic], target: Target) -> Iterator[Diagnostic]:
    """Everything here is said of the Kustomization, so that is where to look."""
    return (replace(d, file=target.origin.file, line=target.origin.line) for d in diagnostics)
