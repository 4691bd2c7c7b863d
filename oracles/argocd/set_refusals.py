"""ApplicationSets that generate nothing, or not all: ours has to say so, and for the same reason."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from oracles.argocd.sets import Set, elements
from oracles.trials import Refusal


@dataclass(frozen=True, slots=True)
class RefusedSet:
    """How a set is spoilt. `feature` is the row that it counts for; `is_go` None tries either dialect."""

    feature: str
    spoil: Callable[[Set], None]
    theirs: str
    ours: str
    is_go: bool = False

    @property
    def refusal(self) -> Refusal:
        return Refusal(self.theirs, self.ours)


def _named(made: Set, *generators: dict[str, Any]) -> None:
    made.generators = list(generators)
    made.app_name = made.at("name")


def _number(made: Set) -> None:
    _named(made, elements({"name": "one", "number": 1}))


def _revision(made: Set) -> None:
    """One that fails beside one that does not: nothing at all is generated."""
    git = {"git": {"repoURL": made.script.url, "revision": "none", "directories": [{"path": "sets/*"}]}}
    _named(made, elements({"name": "one"}), git)


def _broken_file(made: Set) -> None:
    made.script.files["settings/bad.yaml"] = "a: [\n"
    _named(made, made.git(files=[{"path": "settings/*.yaml"}]))


def _scalar_file(made: Set) -> None:
    made.script.files["settings/bad.yaml"] = "text\n"
    _named(made, made.git(files=[{"path": "settings/*.yaml"}]))


def _missing_key(made: Set) -> None:
    _named(made, elements({"name": "one"}))
    made.spec["goTemplateOptions"] = ["missingkey=error"]
    made.notes = {"missing": "{{.none}}"}


def _no_such_function(made: Set) -> None:
    _named(made, elements({"name": "one"}))
    made.notes = {"home": '{{ env "HOME" }}'}


def _patch(made: Set) -> None:
    _named(made, elements({"name": "one"}))
    made.spec["templatePatch"] = "spec: [\n"


def _patch_type(made: Set) -> None:
    _named(made, elements({"name": "one"}))
    made.spec["templatePatch"] = "metadata: {labels: {a: true}}\n"


def _twice(made: Set) -> None:
    """The first one stays."""
    _named(made, elements({"name": "one", "v": "1"}, {"name": "one", "v": "2"}, {"name": "two", "v": "3"}))
    made.notes = {"which": made.at("v")}
    made.names = {"one", "two"}


def _bad_name(made: Set) -> None:
    _named(made, elements({"name": "UPPER"}, {"name": "two"}))
    made.names = {"two"}


def _project(made: Set) -> None:
    """The others are made all the same."""
    _named(made, elements({"name": "one", "project": "nowhere"}, {"name": "two", "project": "default"}))
    made.template = {"spec": {"project": made.at("project")}}
    made.names = {"two"}


def _matrix_of_one(made: Set) -> None:
    _named(made, {"matrix": {"generators": [elements({"name": "one"})]}})


def _matrix_of_three(made: Set) -> None:
    _named(made, {"matrix": {"generators": [elements({"name": "one"})] * 3}})


def _matrix_key(made: Set) -> None:
    _named(made, {"matrix": {"generators": [elements({"name": "one"}), elements({"name": "two"})]}})


def _merge_keys(made: Set) -> None:
    _named(made, {"merge": {"mergeKeys": [], "generators": [elements({"name": "one"})] * 2}})


def _merge_not_unique(made: Set) -> None:
    twice = elements({"name": "one"}, {"name": "one"})
    _named(made, {"merge": {"mergeKeys": ["name"], "generators": [twice, elements({"name": "one"})]}})


def _empty_git(made: Set) -> None:
    _named(made, made.git())


REFUSED: dict[str, RefusedSet] = {
    "list-number": RefusedSet("list: types", _number, "error parsing value as string", "number"),
    "git-revision": RefusedSet(
        "git directories",
        _revision,
        "unable to resolve 'none'",
        "has no none",
    ),
    "git-empty": RefusedSet("git directories", _empty_git, "is empty", "directories"),
    "git-broken": RefusedSet("git files", _broken_file, "settings/bad.yaml", "settings/bad.yaml"),
    "git-scalar": RefusedSet("git files", _scalar_file, "settings/bad.yaml", "settings/bad.yaml"),
    "missing-key": RefusedSet(
        "goTemplateOptions", _missing_key, "map has no entry for key", "none", is_go=True
    ),
    "no-function": RefusedSet(
        "goTemplate: functions", _no_such_function, '"env" not defined', "env", is_go=True
    ),
    "patch-broken": RefusedSet("templatePatch", _patch, "error while converting template", "templatePatch"),
    "patch-type": RefusedSet("templatePatch", _patch_type, "labels of type string", "templatePatch"),
    "name-twice": RefusedSet("a name that cannot be", _twice, "duplicate name", "one"),
    "name-bad": RefusedSet("a name that cannot be", _bad_name, "UPPER", "UPPER"),
    "project-unknown": RefusedSet(
        "a project that nobody declares", _project, "project nowhere which does not exist", "nowhere"
    ),
    "matrix-one": RefusedSet("matrix", _matrix_of_one, "less than two generators", "two"),
    "matrix-three": RefusedSet("matrix", _matrix_of_three, "more than two generators", "two"),
    "matrix-key": RefusedSet("matrix: the same key twice", _matrix_key, "duplicate key name", "name"),
    "merge-keys": RefusedSet("merge", _merge_keys, "no merge keys", "mergeKeys"),
    "merge-unique": RefusedSet("merge", _merge_not_unique, "not unique", "name"),
}
