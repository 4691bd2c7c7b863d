"""What Flux does to a rendering after the build: substitution first, then common metadata."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace

from bot.model.objects import Object
from bot.model.rendering import Diagnostic, Hole, Rendering, Severity
from bot.model.target import Found, Target
from bot.render.given import Given
from bot.render.overlay import with_common_metadata
from bot.render.sops.decrypt import stays_encrypted
from bot.render.substitution import Substituted, substitute

_MOST_REMARKS = 20


def finished(built: Rendering, target: Target, given: Given) -> Rendering:
    """The rendering as Flux would apply it. What is not known here stays as it was written and is said."""
    if built.failed:
        return built
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
    counted = Counter((hole.name, hole.reason) for hole in holes)
    for (name, reason), number in sorted(counted.items())[:_MOST_REMARKS]:
        fields = "1 field holds" if number == 1 else f"{number} fields hold"
        yield Diagnostic(Severity.NOTICE, f"{fields} ${{{name}}}, which is not known here: {reason}")


def _assumed(done: Substituted) -> Iterator[Diagnostic]:
    for name, why in done.assumed[:_MOST_REMARKS]:
        yield Diagnostic(
            Severity.NOTICE, f"${{{name}}} has its declared value, unless another overrides it: {why.reason}"
        )


def _placed(diagnostics: Iterable[Diagnostic], target: Target) -> Iterator[Diagnostic]:
    """Everything here is said of the Kustomization, so that is where to look."""
    return (replace(d, file=target.origin.file, line=target.origin.line) for d in diagnostics)
