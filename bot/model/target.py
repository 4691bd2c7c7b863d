"""The unit of delivery: a place in a repository that renders to objects for one cluster."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from bot.model.argocd import ArgoSettings
from bot.model.flux import FluxSettings
from bot.model.objects import Manifest
from bot.model.refs import ObjectRef
from bot.model.release import GitRef, Release


class RendererKind(StrEnum):
    KUSTOMIZE = "kustomize"
    HELM = "helm"
    PLAIN = "plain"
    PLUGIN = "plugin"
    """A program that the operator maps to a config management plugin of Argo CD."""
    DETECT = "detect"
    """What Argo CD takes for the directory: its files say whether that is a chart, a kustomization or neither."""
    GIVEN = "given"
    """Nothing is rendered: whoever found the target found its objects."""


class EngineKind(StrEnum):
    """Who applies: we (`direct`), or a controller in the cluster."""

    DIRECT = "direct"
    FLUX = "flux"
    ARGOCD = "argocd"


class Found(StrEnum):
    """How a target came to be known."""

    CONFIG = "config"
    FLUX_KUSTOMIZATION = "flux-kustomization"
    FLUX_HELM_RELEASE = "flux-helm-release"
    ARGOCD_APPLICATION = "argocd-application"
    ARGOCD_APPLICATION_SET = "argocd-application-set"
    KUSTOMIZE_ROOT = "kustomize-root"


@dataclass(frozen=True, slots=True, order=True)
class TargetId:
    """`cluster` is the operator's name for it, or empty where nothing says which cluster is meant (plan only)."""

    cluster: str
    name: str

    def __str__(self) -> str:
        return f"{self.cluster}/{self.name}" if self.cluster else self.name


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a target was found: `file` and `line` in the repository, None for the operator's config or a rendering."""

    found: Found
    file: str | None = None
    line: int | None = None


@dataclass(frozen=True, slots=True)
class VariablesFrom:
    """A ConfigMap or Secret that a Kustomization takes variables from; it lies in the Kustomization's namespace."""

    kind: str
    name: str
    is_optional: bool = False


@dataclass(frozen=True, slots=True)
class PostBuild:
    """Variables that Flux substitutes in what was rendered, as `spec.postBuild` declares them.

    `inline` is as it was written: a value that is no text is a mistake that the rendering reports.
    """

    inline: Mapping[str, Any] = field(default_factory=dict)
    sources: tuple[VariablesFrom, ...] = ()
    strategy: str = "WithVariables"


@dataclass(frozen=True, slots=True)
class Decryption:
    """That a controller decrypts what a target reads. `provider` is `sops`; `secret` names the Secret with its keys,
    empty where the controller has keys of its own.
    """

    provider: str
    secret: str = ""


@dataclass(frozen=True, slots=True)
class GitSource:
    """Another Git repository, as a manifest names it, or this one at a commit or tag that the manifest pins.

    `ignore` are patterns that Flux adds to its `.sourceignore`. `secret` names the Secret that Flux logs in with,
    empty for none. `includes` are laid into its tree in this order. `url` is empty for the repository at hand, which only
    an `Included` names so. Of its tree only what begins with one of the paths in `sparse` is taken, everything where
    there is none.
    """

    url: str
    ref: GitRef = field(default_factory=GitRef)
    ignore: str = ""
    secret: str = ""
    includes: "tuple[Included, ...]" = ()
    sparse: tuple[str, ...] = ()

    @property
    def is_lasting(self) -> bool:
        """Whether nothing but a change of the repository at hand can make it lead to other files."""
        return (not self.url or bool(self.ref.commit)) and all(
            each.source.is_lasting for each in self.includes
        )


@dataclass(frozen=True, slots=True)
class Included:
    """What Flux gets of `source` below `from_path`, copied to `to_path`; both as they are written."""

    source: GitSource
    from_path: str
    to_path: str


@dataclass(frozen=True, slots=True)
class OciSource:
    """Files that a registry holds as an artifact: `url` is `oci://HOST/PATH`.

    The first of `digest`, `semver` (a range of versions, among the tags that `semver_filter` matches) and `tag` that is
    given counts; none: `latest`. `media_type` names the layer, empty for the first; it is unpacked unless `is_copied`.
    """

    url: str
    tag: str = ""
    semver: str = ""
    semver_filter: str = ""
    digest: str = ""
    media_type: str = ""
    is_copied: bool = False
    is_insecure: bool = False
    ignore: str = ""
    secret: str = ""


class CopyStrategy(StrEnum):
    """What becomes of a file that is copied to where one is already, or that is an archive."""

    OVERWRITE = "Overwrite"
    MERGE = "Merge"
    EXTRACT = "Extract"


@dataclass(frozen=True, slots=True)
class Copy:
    """`pattern` are the files of the source `alias`, `to` is where they go in the artifact, both as they are written.

    `exclude` are patterns of what is left out.
    """

    alias: str
    pattern: str
    to: str
    exclude: tuple[str, ...] = ()
    strategy: CopyStrategy = CopyStrategy.OVERWRITE


@dataclass(frozen=True, slots=True)
class Output:
    """An artifact that a generator makes by copying, in this order. With a path pattern, the texts have placeholders."""

    name: str
    copies: tuple[Copy, ...]


@dataclass(frozen=True, slots=True)
class Ingredient:
    """A source of a generator: one of a repository, an artifact of a registry, and another composition.

    The `url` of `git` is empty for the repository at hand.
    """

    alias: str
    git: GitSource | None = None
    oci: OciSource | None = None
    composed: "Composition | None" = None

    @property
    def is_here(self) -> bool:
        return self.git is not None and not self.git.url

    @property
    def is_lasting(self) -> bool:
        """Whether nothing but a change of the repository at hand can make it hold other files."""
        if self.composed is not None:
            return self.composed.is_lasting
        return self.git.is_lasting if self.git is not None else bool(self.oci and self.oci.digest)


@dataclass(frozen=True, slots=True)
class Composition:
    """The artifact `name` that an ArtifactGenerator makes in the cluster, in its own namespace.

    `path_pattern` (`@ALIAS/DIRECTORY/{VARIABLE}`) makes one of every output for each directory that it matches: then
    there may be several `outputs` that `name` can come of, and one otherwise.
    """

    generator: ObjectRef
    name: str
    ingredients: tuple[Ingredient, ...]
    outputs: tuple[Output, ...]
    path_pattern: str = ""

    @property
    def is_lasting(self) -> bool:
        return all(each.is_lasting for each in self.ingredients)

    @property
    def is_of_here(self) -> bool:
        """Whether it holds nothing but files of the repository at hand, each at a path of its own there."""
        return all(
            each.composed.is_of_here
            if each.composed
            else bool(each.is_here and each.git and not each.git.includes)
            for each in self.ingredients
        )


@dataclass(frozen=True, slots=True)
class Target:
    """One target as declared at one revision.

    `path` is relative to the repository's root, without leading or trailing slash, empty for the root itself.
    `overlay` holds kustomization fields that the finder lays over the path's kustomization, as Flux does with
    `spec.patches`, `spec.images` and the like. `release` is what the renderer `helm` renders; `source`,
    `oci_source` or `artifact` is where `path` lies when that is not the repository at hand; `ignore` are the
    patterns that Flux adds to the `.sourceignore` of the repository at hand, `includes` what it lays into its tree.
    `flux` is set for what Flux applies, `argocd` for what Argo CD does. `options` are an Application's
    source as it is written, and of a target that is known to be a directory or a kustomization what is left of them for it; `refs` are the other sources that its value files may lie in (`$NAME/PATH`).
    `parts` are the sources of an Application that has several, in their order, each like a target of its own; `manifests`
    are the objects of the renderer `given`. `unknown_because` is set where the finder already knows that the target
    cannot be rendered: it is then planned as unknown, with this reason.
    """

    id: TargetId
    path: str
    renderer: RendererKind
    engine: EngineKind
    origin: Origin
    environment: str = ""
    namespace: str = ""
    prune: bool = True
    wait: bool = True
    timeout_s: float = 300.0
    depends_on: tuple[str, ...] = ()
    overlay: Mapping[str, Any] = field(default_factory=dict)
    post_build: PostBuild | None = None
    decryption: Decryption | None = None
    release: Release | None = None
    source: GitSource | None = None
    oci_source: OciSource | None = None
    artifact: Composition | None = None
    ignore: str = ""
    includes: tuple[Included, ...] = ()
    sparse: tuple[str, ...] = ()
    flux: FluxSettings | None = None
    argocd: ArgoSettings | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    refs: Mapping[str, GitSource] = field(default_factory=dict)
    parts: "tuple[Target, ...]" = ()
    manifests: tuple[Manifest, ...] = ()
    unknown_because: str = ""

    @property
    def is_patched_together(self) -> bool:
        """Whether its tree is another than its source's: something is laid into it, or left out."""
        source = self.source
        return bool(
            self.includes or self.sparse or (source is not None and (source.includes or source.sparse))
        )
