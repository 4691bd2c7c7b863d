"""What a target is made of from elsewhere, exactly, for people: which commit of which repository, which artifact, file."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from bot.model.release import GitRef
from bot.model.remote import RemoteRef
from bot.model.rendering import Material
from bot.model.target import Composition, GitSource, OciSource, Target

if TYPE_CHECKING:
    from bot.git.foreign import ForeignTree
    from bot.planning.own import OwnTree
    from bot.registry.resolved import ResolvedArtifact

Source = GitSource | OciSource | RemoteRef


def sources_of(target: Target) -> Iterator[GitSource | OciSource]:
    """Every other repository and artifact that its files come from, with what these include."""
    if target.source is not None:
        yield from _with_included(target.source)
    if target.oci_source is not None:
        yield target.oci_source
    for included in target.includes:
        yield from _with_included(included.source)
    if target.artifact is not None:
        yield from _composed_of(target.artifact)


def of_commit(source: GitSource | RemoteRef, found: "ForeignTree | OwnTree") -> Material:
    named = source.revision if isinstance(source, RemoteRef) else _followed(source.ref)
    return Material(f"repository {found.address}", "" if named == found.commit else named, found.commit)


def of_artifact(found: "ResolvedArtifact") -> Material:
    tag, _, digest = found.revision.rpartition("@")
    return Material(f"artifact {found.url}", tag, digest)


def of_file(identity: str) -> Material:
    """What a URL's query holds is shown nowhere."""
    url, _, digest = identity.rpartition("@")
    return Material(f"file {url.partition('?')[0].partition('#')[0]}", "", digest)


def _with_included(source: GitSource) -> Iterator[GitSource]:
    yield source
    for included in source.includes:
        yield from _with_included(included.source)


def _composed_of(composition: Composition) -> Iterator[GitSource | OciSource]:
    for ingredient in composition.ingredients:
        if ingredient.git is not None:
            yield from _with_included(ingredient.git)
        if ingredient.oci is not None:
            yield ingredient.oci
        if ingredient.composed is not None:
            yield from _composed_of(ingredient.composed)


def _followed(ref: GitRef) -> str:
    name = ref.name.removeprefix("refs/heads/").removeprefix("refs/tags/")
    return ref.commit or name or ref.revision or ref.semver or ref.tag or ref.branch or "master"
