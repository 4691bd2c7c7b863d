"""The sources that Flux's objects name, and which of them is this repository."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from bot.discover.flux.fields import mapping, text
from bot.model.objects import Manifest


@dataclass(frozen=True, slots=True)
class RepositoryIdentity:
    """How a manifest may call this repository: any of its URLs, in any spelling."""

    urls: frozenset[str] = frozenset()

    @classmethod
    def of(cls, urls: Iterable[str]) -> "RepositoryIdentity":
        return cls(frozenset(normal_url(url) for url in urls))


def normal_url(url: str) -> str:
    """One spelling for `https://HOST/PATH.git`, `ssh://git@HOST/PATH` and `git@HOST:PATH`: `host/path`."""
    spelled = url.strip()
    scp = re.fullmatch(r"(?:[^@/:]+@)?([^/:]+):(?!//)(.+)", spelled)
    if scp:
        host, path = scp.groups()
    else:
        _, _, rest = spelled.partition("://")
        authority, _, path = (rest or spelled).partition("/")
        host = authority.rpartition("@")[2].partition(":")[0]
    return f"{host}/{path.strip('/').removesuffix('.git')}".lower()


@dataclass(frozen=True, slots=True)
class Sources:
    """The sources declared so far, by kind, namespace and name."""

    by_name: Mapping[tuple[str, str, str], Manifest]
    repository: RepositoryIdentity

    @classmethod
    def of(cls, manifests: Iterable[Manifest], repository: RepositoryIdentity) -> "Sources":
        found = {}
        for manifest in manifests:
            metadata = mapping(manifest.get("metadata"))
            key = (str(manifest.get("kind")), text(metadata, "namespace"), text(metadata, "name"))
            found[key] = manifest
        return cls(found, repository)

    def why_foreign(self, kind: str, namespace: str, name: str) -> str:
        """Why the source is not this repository; empty when it is.

        A GitRepository called `flux-system` that is declared nowhere is taken for this repository: an operator or a
        bootstrap outside Git made it from the repository it lies in.
        """
        if kind != "GitRepository":
            return f"its source is the {kind} {namespace}/{name}, which is not a directory of this repository"
        source = self.by_name.get((kind, namespace, name)) or self.by_name.get((kind, "", name))
        if source is None:
            if name == "flux-system":
                return ""
            return f"its source, GitRepository {namespace}/{name}, is not declared in this repository"
        url = text(mapping(source.get("spec")), "url")
        if normal_url(url) in self.repository.urls or (name == "flux-system" and not self.repository.urls):
            return ""
        return f"its source, GitRepository {namespace}/{name}, is another repository ({shown(url)})"


def shown(url: str) -> str:
    """Without user and password, which some write into a URL."""
    scheme, separator, rest = url.partition("://")
    authority, slash, path = rest.partition("/")
    return f"{scheme}{separator}{authority.rpartition('@')[2]}{slash}{path}" if separator else url
