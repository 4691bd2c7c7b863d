"""Programs of the operator's that render what Longshore itself does not: plugins of Argo CD, Jsonnet, kustomize's functions."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace


@dataclass(frozen=True, slots=True)
class Program:
    """`command` begins with an absolute path; it may read and execute what lies below `read`, absolute paths too.

    With `reads_whole_tree` it gets all of the tree that its source lies in, and else the source's own directory only.
    `edition` is any text of the operator's that stands for what else it is made of. `identity` says which program it is,
    empty as long as nobody looked; `refused` is why it may not run, empty where it may.
    """

    command: tuple[str, ...]
    read: tuple[str, ...] = ()
    env: Mapping[str, str] = field(default_factory=dict)
    reads_whole_tree: bool = True
    is_for_forks: bool = False
    edition: str = ""
    identity: str = ""
    refused: str = ""


@dataclass(frozen=True, slots=True)
class Plugin:
    """A config management plugin by the name that an Application calls it by: `NAME`, or `NAME-VERSION`.

    One with `file_name` or `glob` is only for directories that hold what this matches.
    """

    name: str
    program: Program
    file_name: str = ""
    glob: str = ""

    @property
    def discovers(self) -> bool:
        return bool(self.file_name or self.glob)


@dataclass(frozen=True, slots=True)
class Programs:
    """All that the operator declares. `kustomize` builds kustomizations of Argo CD that ask for functions or plugins."""

    plugins: tuple[Plugin, ...] = ()
    jsonnet: Program | None = None
    kustomize: Program | None = None

    def __bool__(self) -> bool:
        return bool(self.plugins) or self.jsonnet is not None or self.kustomize is not None

    def plugin(self, name: str) -> Plugin | None:
        return next((found for found in self.plugins if found.name == name), None)

    def changed(self, change: Callable[[Program], Program]) -> "Programs":
        return Programs(
            tuple(replace(each, program=change(each.program)) for each in self.plugins),
            change(self.jsonnet) if self.jsonnet is not None else None,
            change(self.kustomize) if self.kustomize is not None else None,
        )

    def for_forks(self) -> "Programs":
        """Those that the operator lets render what strangers write; the others say why not."""
        return self.changed(
            lambda program: program if program.is_for_forks else replace(program, refused=_NOT_FOR_FORKS)
        )


_NOT_FOR_FORKS = "it does not run for pull requests from forks; the operator allows it with `forks: true` beside its command"
