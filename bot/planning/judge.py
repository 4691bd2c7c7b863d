"""What is wrong with the secrets in the files that a change touches, said before anything is rendered.

Only changed files are read, and only so many of so much: a pull request is hostile input. Verdicts are about the
change as a whole and part of no rendering, because a file may be in no target at all and leak all the same.
"""

import asyncio
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from bot.git.repository import Repository
from bot.git.tree import Tree
from bot.model.manifests import ManifestError, flatten
from bot.model.manifests import documents as parse
from bot.model.objects import ObjectId
from bot.model.rendering import Diagnostic, Severity
from bot.model.tree import EntryKind, UnreadableFile
from bot.policy.encrypted import judge_encrypted
from bot.policy.external import describe_external, judge_external
from bot.policy.sealed import SealedSecret, describe_sealed, judge_sealed
from bot.policy.secrets import judge_file
from bot.render.contents import kustomizations
from bot.render.errors import Unrenderable
from bot.render.fields import KUSTOMIZATION_FILES
from bot.render.paths import join
from bot.render.sops.facts import SopsFacts, describe
from bot.render.sops.formats import Format, format_for
from bot.render.sops.rules import RULES_FILE, RuleFile, examine, nearest, parse_rules

MAX_FILES = 500
MAX_FILE_BYTES = 1024 * 1024
MAX_TOTAL_BYTES = 8 * 1024 * 1024
MAX_RULE_FILES = 50
MAX_VERDICTS = 50
_SOPS_MARKS = ("sops_mac=ENC[", '"mac": "ENC[', "mac: ENC[")
_ORDER = (Severity.ERROR, Severity.WARNING, Severity.NOTICE)


async def judge(repository: Repository, base: Tree, head: Tree) -> tuple[Diagnostic, ...]:
    """Every verdict on the files in which the trees differ, the worst first. Raises only where a tree cannot be read."""
    changed = await repository.changed_paths(base.id, head.id)
    if not changed:
        return ()
    found = await asyncio.to_thread(_look, base, head, sorted(changed))
    if found.doubtful and not found.uses_sops:
        found.uses_sops = bool(await repository.grep(head.id, _SOPS_MARKS, ["*"]))
    return tuple(found.verdicts())


@dataclass(slots=True)
class _Found:
    """`doubtful` are verdicts that count only where the repository encrypts its secrets with SOPS."""

    uses_sops: bool = False
    sure: list[Diagnostic] = field(default_factory=list)
    doubtful: list[Diagnostic] = field(default_factory=list)

    def verdicts(self) -> list[Diagnostic]:
        every = dict.fromkeys([*self.sure, *(self.doubtful if self.uses_sops else ())])
        worst_first = sorted(every, key=lambda d: (_ORDER.index(d.severity), d.file or "", d.line or 0))
        left = len(worst_first) - MAX_VERDICTS
        if left <= 0:
            return worst_first
        more = Diagnostic(Severity.WARNING, f"{left} more remarks on secrets in changed files are left out")
        return [*worst_first[:MAX_VERDICTS], more]


@dataclass(frozen=True, slots=True)
class _File:
    """One changed file on both sides; None where it is not there, or too large to be looked at."""

    path: str
    old: bytes | None
    new: bytes | None


def _look(base: Tree, head: Tree, changed: list[str]) -> _Found:
    found = _Found()
    rules = _rules(head, found)
    earlier = _rules(base, _Found()) if any(_is_rules(path) for path in changed) else ()
    found.uses_sops = bool(rules or earlier)
    files, left_out = _files(base, head, changed)
    if left_out:
        message = f"{left_out} changed files were not searched for secrets: too many, or too large"
        found.sure.append(Diagnostic(Severity.NOTICE, message))
    sealed = {one.id: one for file in files for one in _sealed(file.path, file.old)}
    for file in files:
        _judge_sops(file, rules, earlier, found)
        if file.new is not None:
            found.sure += _judge_objects(head, file.path, file.new, sealed)
    return found


def _judge_sops(
    file: _File, rules: tuple[RuleFile, ...], earlier: tuple[RuleFile, ...], found: _Found
) -> None:
    old, new = _facts(file.path, file.old), _facts(file.path, file.new)
    found.uses_sops = found.uses_sops or old is not None or new is not None
    if file.new is None:
        return
    verdicts = _judged(file.path, file.new, rules)
    if not any(d.severity is Severity.ERROR for d in verdicts):
        # A change does not get around a rule by taking it away.
        ruled = [d for d in _judged(file.path, file.new, earlier) if d.severity is Severity.ERROR]
        verdicts = ruled or verdicts
    known = {d.message for d in _judged(file.path, file.old or b"", rules)} if verdicts else ()
    fresh = [d for d in verdicts if d.severity is Severity.ERROR or d.message not in known]
    if not any(d.severity is Severity.ERROR for d in fresh):
        found.sure += judge_encrypted(file.path, old, new)
    for verdict in fresh:
        (found.sure if verdict.severity is Severity.ERROR else found.doubtful).append(verdict)


def _judged(path: str, data: bytes, rules: tuple[RuleFile, ...]) -> list[Diagnostic]:
    return list(judge_file(examine(path, data, nearest(rules, path)), uses_sops=True))


def _facts(path: str, data: bytes | None) -> SopsFacts | None:
    try:
        return describe(data, format_for(path), file=path) if data else None
    except Unrenderable:
        return None


def _judge_objects(
    head: Tree, path: str, data: bytes, before: dict[ObjectId, SealedSecret]
) -> Iterator[Diagnostic]:
    if b"SealedSecret" not in data and b"ExternalSecret" not in data:
        return
    is_patch = _is_patch(head, path)
    for manifest, line in _manifests(path, data):
        sealed, external = describe_sealed(manifest), describe_external(manifest)
        if sealed is not None:
            yield from judge_sealed(sealed, before.get(sealed.id), path, line)
        if external is not None and not is_patch:
            yield from judge_external(external, path, line)


def _sealed(path: str, data: bytes | None) -> Iterator[SealedSecret]:
    if data is not None and b"SealedSecret" in data:
        for manifest, _ in _manifests(path, data):
            found = describe_sealed(manifest)
            if found is not None:
                yield found


def _manifests(path: str, data: bytes) -> Iterable[tuple[dict[str, object], int]]:
    if format_for(path) not in {Format.YAML, Format.JSON}:
        return []
    try:
        return [(found.value, found.line) for found in flatten(parse(data, file=path), file=path)]
    except ManifestError:
        return []


def _is_patch(tree: Tree, path: str) -> bool:
    """Whether a kustomization beside or above names the file as a patch: it is a part of an object then."""
    for directory in map(str, PurePosixPath(path).parents):
        place = "" if directory == "." else directory
        for name in KUSTOMIZATION_FILES:
            file = f"{place}/{name}" if place else name
            entry = tree.entry(file)
            if entry is None or entry.kind is not EntryKind.BLOB:
                continue
            try:
                contents = kustomizations.contents(entry.id, lambda file=file: tree.read(file))  # type: ignore[misc]
                named = {join(place, r.text) for r in contents.references if r.field.startswith("patches")}
            except (UnreadableFile, Unrenderable):
                continue
            if path in named:
                return True
    return False


def _rules(tree: Tree, found: _Found) -> tuple[RuleFile, ...]:
    paths = tree.named((RULES_FILE,))[:MAX_RULE_FILES]
    rules = tuple(parse_rules(data, path) for path in paths if (data := _read(tree, path)) is not None)
    found.sure += [problem for rule in rules for problem in rule.problems]
    return rules


def _is_rules(path: str) -> bool:
    return path.rpartition("/")[2] == RULES_FILE


def _files(base: Tree, head: Tree, changed: list[str]) -> tuple[list[_File], int]:
    """What is looked at, and how many files are not."""
    wanted, rest = changed[:MAX_FILES], changed[MAX_FILES:]
    for tree in (base, head):
        tree.prefetch(path for path in wanted if _is_file(tree, path))
    files: list[_File] = []
    left_out, total = len(rest), 0
    for path in wanted:
        file = _File(path, _read(base, path), _read(head, path))
        total += len(file.old or b"") + len(file.new or b"")
        if total > MAX_TOTAL_BYTES or (file.new is None and _is_file(head, path)):
            left_out += 1
        else:
            files.append(file)
    return files, left_out


def _is_file(tree: Tree, path: str) -> bool:
    entry = tree.entry(path)
    return entry is not None and entry.kind is EntryKind.BLOB


def _read(tree: Tree, path: str) -> bytes | None:
    try:
        data = tree.read(path) if _is_file(tree, path) else None
    except UnreadableFile:
        return None
    return data if data is not None and len(data) <= MAX_FILE_BYTES else None
