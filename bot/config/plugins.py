"""The part of `config.yaml` about programs of the operator's that render: plugins of Argo CD, Jsonnet, kustomize's functions."""

from pathlib import PurePosixPath
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from bot.config.types import Model
from bot.model.programs import Plugin as PluginProgram
from bot.model.programs import Program, Programs

PluginName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9]([A-Za-z0-9._-]{0,126}[A-Za-z0-9])?$")]
VariableName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,127}$")]


def _plain_text(value: str) -> str:
    if "\0" in value:
        raise ValueError("holds a zero byte")
    return value


def _absolute(value: str) -> str:
    path = PurePosixPath(_plain_text(value))
    if not path.is_absolute() or ".." in path.parts:
        raise ValueError(f"{value[:80]!r} must be an absolute path without ..")
    if len(path.parts) == 1:
        raise ValueError("must be a directory below /, so that the program does not read the whole machine")
    return str(path)


def _below(value: str) -> str:
    if value.startswith("/") or ".." in value.split("/") or "\0" in value:
        raise ValueError("must be a pattern below the source's directory, without a leading / and without ..")
    return value


PlainText = Annotated[str, StringConstraints(max_length=4096), AfterValidator(_plain_text)]
AbsolutePath = Annotated[str, StringConstraints(max_length=4096), AfterValidator(_absolute)]
Pattern = Annotated[str, StringConstraints(min_length=1, max_length=200), AfterValidator(_below)]


class Discover(Model):
    """Which directories a plugin is for, as its ConfigManagementPlugin says it. `find.command` has no counterpart."""

    file_name: Pattern | None = Field(default=None, examples=["./subdir/s*.yaml"])
    """As `discover.fileName`: a pattern of Go's `filepath.Match`, below the source's directory."""
    glob: Pattern | None = Field(default=None, examples=["**/main.cue"])
    """As `discover.find.glob`, where `**/` is any number of directories. Not looked at where `fileName` is set."""


class RenderingProgram(Model):
    """A program of yours in the sandbox: no network, nothing written, and nothing read but what is said here."""

    command: tuple[PlainText, ...] = Field(
        min_length=1, max_length=100, examples=[["/usr/local/bin/render", "--strict"]]
    )
    """The program by its absolute path, and its arguments. There is no shell; name one if you want one."""
    read: tuple[AbsolutePath, ...] = Field(default=(), max_length=50, examples=[["/usr", "/lib64"]])
    """What it may read and execute beside itself: an interpreter's directory, libraries. What lies there may show in plans."""
    env: dict[VariableName, PlainText] = Field(default={}, examples=[{"PATH": "/usr/bin:/bin"}])
    """Its environment, beside what Argo CD hands over. No place for secrets: what it prints shows in plans."""
    reads: Literal["tree", "path"] = "tree"
    """What of the repository it gets: the whole `tree`, or only the source's own directory (`path`), which is quicker: a
    change elsewhere does not make it run again."""
    forks: bool = False
    """Also run it for pull requests from forks."""
    edition: PlainText = Field(default="", examples=["2026-11-23"])
    """Any text; change it when what `read` names changed, so that everything it made is made again."""

    @model_validator(mode="after")
    def _starts_a_program(self) -> "RenderingProgram":
        _absolute(self.command[0])
        return self

    def program(self) -> Program:
        return Program(
            command=self.command,
            read=self.read,
            env=self.env,
            reads_whole_tree=self.reads == "tree",
            is_for_forks=self.forks,
            edition=self.edition,
        )


class Plugin(RenderingProgram):
    """What stands for one config management plugin of Argo CD."""

    version: PlainText = Field(default="", examples=["v1.0"])
    """As `spec.version` of its ConfigManagementPlugin: Applications then call it NAME-VERSION."""
    discover: Discover = Discover()
    """Which directories it is for, as its ConfigManagementPlugin says it."""

    def plugin(self, name: str) -> PluginProgram:
        called = f"{name}-{self.version}" if self.version else name
        return PluginProgram(called, self.program(), self.discover.file_name or "", self.discover.glob or "")


class Jsonnet(RenderingProgram):
    """What evaluates Jsonnet in the directories of Argo CD: a program with the arguments of go-jsonnet's `jsonnet`."""

    command: tuple[PlainText, ...] = Field(
        min_length=1, max_length=100, examples=[["/usr/local/bin/jsonnet"]]
    )
    """The program by its absolute path, and arguments that come before ours. go-jsonnet's needs nothing in `read`."""


class Kustomize(RenderingProgram):
    """What builds kustomizations of Argo CD with functions or plugins of kustomize: kustomize, told to run those."""

    command: tuple[PlainText, ...] = Field(
        min_length=1,
        max_length=100,
        examples=[["/usr/local/bin/kustomize", "build", "--enable-alpha-plugins", "--enable-exec"]],
    )
    """The program by its absolute path, and the arguments before the directory: `kustomize.buildOptions` of Argo CD."""


def _told_apart(plugins: dict[str, Plugin]) -> dict[str, Plugin]:
    called = [declared.plugin(name).name for name, declared in plugins.items()]
    if twice := sorted({name for name in called if called.count(name) > 1}):
        raise ValueError(f"two of them are called {twice[0]!r}: a name and its version count together")
    return plugins


Plugins = Annotated[dict[PluginName, Plugin], AfterValidator(_told_apart)]


def programs(plugins: dict[str, Plugin], jsonnet: Jsonnet | None, kustomize: Kustomize | None) -> Programs:
    return Programs(
        tuple(declared.plugin(name) for name, declared in plugins.items()),
        jsonnet.program() if jsonnet is not None else None,
        kustomize.program() if kustomize is not None else None,
    )
