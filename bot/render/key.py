"""The content key: equal keys mean equal renderings.

It covers everything a rendering depends on: what was read and looked for (the trace), what was asked for (the
target's parameters), and what did the work (the tools and this code, by `SCHEMA`). A target that cannot be rendered
has a key as well: the same key on both sides means that whatever it would be, it is the same.
"""

import hashlib
from collections.abc import Mapping, Sequence

import msgspec

from bot.model.manifests import canonical_json
from bot.model.rendering import ContentKey, Trace, TraceEntry, TraceKind
from bot.model.target import Found, Target
from bot.render.helm.inputs import ReleaseInputs, fingerprint
from bot.render.variables import Substitution

SCHEMA = 18
"""To be raised with every change of this package that may render the same input differently."""
OVERRIDE = ".argocd-source"
"""How the names of files begin by which a directory overrides the source of an Application, of each or of one by its name."""


def content_key(
    trace: Trace,
    target: Target,
    tools: Mapping[str, str],
    substitution: Substitution | None = None,
    *,
    decryption: str = "",
    inputs: ReleaseInputs | None = None,
) -> ContentKey:
    """`tools` maps the programs that take part to their versions, `{"kustomize": "5.8.1"}`.

    `decryption` says with which keys and what program a target that asks for it is decrypted, empty for not at all.
    `inputs` are what a release is rendered from beside the tree.
    """
    hashed = hashlib.sha256(
        canonical_json(
            {
                "schema": SCHEMA,
                "tools": dict(tools),
                "path": _bytes_as_text(target.path),
                "renderer": target.renderer.value,
                "flux": target.origin.found is Found.FLUX_KUSTOMIZATION,
                "argocd": [dict(target.options), _told(trace)] if target.argocd else None,
                "namespace": target.namespace,
                "overlay": dict(target.overlay),
                "unknown": target.unknown_because,
                "post build": msgspec.to_builtins(target.post_build),
                "decryption": [msgspec.to_builtins(target.decryption), decryption]
                if target.decryption
                else None,
                "substitution": msgspec.to_builtins(substitution),
                "release": msgspec.to_builtins(target.release),
                "inputs": fingerprint(inputs) if inputs else None,
                "given": list(target.manifests),
            }
        )
    )
    for use in trace.remotes:
        # Which of two references leads where: what is there is among the entries.
        told = f"\n{use.file}\0{use.text}\0{use.place}\0{use.to}"
        hashed.update(told.encode("utf-8", "surrogateescape"))
    for entry in trace.entries:
        if target.argocd is not None and _is_absent_override(entry):
            continue  # what there would be is part of the target that is rendered: Applications may share a rendering
        line = f"\n{entry.path}\0{entry.kind.value}\0{entry.mode}\0{entry.id}"
        hashed.update(line.encode("utf-8", "surrogateescape"))
    return ContentKey(f"sha256:{hashed.hexdigest()}")


def key_of_parts(keys: Sequence[ContentKey], target: Target) -> ContentKey:
    """Of a target with several sources: the order of its parts counts."""
    made = canonical_json({"schema": SCHEMA, "parts": list(keys), "unknown": target.unknown_because})
    return ContentKey(f"sha256:{hashlib.sha256(made).hexdigest()}")


def _told(trace: Trace) -> list[str]:
    """What its source is remarked on: it stays with the rendering."""
    # NB: it may name a file whose name is no UTF-8; repr spells that out.
    return [f"{remark.severity}: {remark.message!r}" for remark in trace.diagnostics]


def _is_absent_override(entry: TraceEntry) -> bool:
    return entry.kind is TraceKind.ABSENT and entry.path.rpartition("/")[2].startswith(OVERRIDE)


def _bytes_as_text(path: str) -> str:
    """A path that is no UTF-8 carries surrogates, which JSON cannot."""
    return path.encode("utf-8", "surrogateescape").decode("latin-1")
