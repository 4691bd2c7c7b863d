"""The git generator: a set of parameters for each directory that matches, or for each object in the files that do."""

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from bot.model.rendering import TraceEntry, TraceKind
from bot.model.tree import EntryKind, TreeEntry, TreeReader, UnreadableFile
from bot.render.applicationset.context import Context
from bot.render.applicationset.errors import NotKnown, Ungenerated
from bot.render.applicationset.go_match import GoPattern, go_pattern
from bot.render.applicationset.leaves import first_document, normalized
from bot.render.applicationset.params import Params, TextList, copied, flat, go_text
from bot.render.applicationset.pathspec import BadPattern, Pathspec, pathspec
from bot.render.applicationset.world import Ground
from bot.render.contents import LFS_REASON, is_lfs_pointer
from bot.render.paths import Outside, follow

_CHARS_OF_A_STEP = 1024
"""A pattern is held against a path in a time that both lengths bound: this many of their product make one step more."""

_Patterns = Sequence[tuple[str, bool]]
"""Each with whether it excludes."""


async def git_sets(generator: Mapping[str, Any], context: Context, at: str) -> list[Params]:
    wanted = generator.get("directories") or generator.get("files")
    if not wanted:
        raise Ungenerated("needs directories or files", at)
    try:
        ground = await context.ground(generator.get("repoURL", ""), generator.get("revision", ""))
    except NotKnown as error:
        raise Ungenerated(error.message, at, hint=error.hint) from None
    prefix = generator.get("pathParamPrefix", "")
    patterns = tuple((each.get("path", ""), bool(each.get("exclude"))) for each in wanted)
    context.count_steps(len(patterns), at)
    if generator.get("directories"):
        field = f"{at}.directories"
        key = (field, id(ground), patterns)
        paths = await context.remembered(key, lambda: _directories(ground, patterns, context, field))
        context.count(len(paths), at)
        sets = [_of_directory(path, prefix, context) for path in paths]
    else:
        sets = await _of_files(ground, patterns, prefix, context, f"{at}.files")
    await context.with_values(sets, generator.get("values", {}), at)
    return sets


def _directories(ground: Ground, wanted: _Patterns, context: Context, at: str) -> list[str]:
    included = _go_patterns(wanted, is_excluded=False)
    excluded = _go_patterns(wanted, is_excluded=True)
    found: list[str] = []
    if not included:
        return found
    for path, kind in _below(ground.tree, _common([each.directory for each in included]), context, at):
        _count_matches(wanted, path, context, at)
        if kind is EntryKind.SUBMODULE:
            _refuse_submodule(path, included, at)
        is_wanted = any(each.matches(path) for each in included)
        if is_wanted and not any(each.matches(path) for each in excluded):
            found.append(_unicode(path, at))
    if ground.is_here:
        context.add_listing({each.directory for each in included}, found, at)
    return found


def _count_matches(wanted: _Patterns, path: str, context: Context, at: str) -> None:
    """That a path is held against every pattern. Raises `Ungenerated`."""
    chars = sum(len(text) for text, _ in wanted)
    context.count_steps(len(wanted) + chars * len(path) // _CHARS_OF_A_STEP, at)


def _go_patterns(wanted: _Patterns, *, is_excluded: bool) -> list[GoPattern]:
    texts = [text for text, excludes in wanted if excludes is is_excluded]
    return [found for found in map(go_pattern, texts) if found is not None]


def _below(tree: TreeReader, start: str, context: Context, at: str) -> Iterator[tuple[str, EntryKind]]:
    """Every directory below, and the first one itself, in the order in which the controller meets them; none that a
    dot hides.
    """
    if any(name.startswith(".") for name in start.split("/")):
        return
    entry = tree.entry(start)
    if entry is None or entry.kind not in (EntryKind.TREE, EntryKind.SUBMODULE):
        above = start.rpartition("/")[0]
        if start and entry is None and above != start:
            yield from _submodule_above(tree, start)
        return
    rest = [(start, entry.kind)]
    while rest:
        path, kind = rest.pop()
        if path:
            yield path, kind
        if kind is EntryKind.SUBMODULE:
            continue
        listing = tree.listing(path)
        context.count_steps(1 + len(listing), at)
        inside = [
            (f"{path}/{name}" if path else name, each.kind)
            for name, each in listing
            if each.kind in (EntryKind.TREE, EntryKind.SUBMODULE) and not name.startswith(".")
        ]
        rest += reversed(inside)


def _submodule_above(tree: TreeReader, path: str) -> Iterator[tuple[str, EntryKind]]:
    while path:
        path = path.rpartition("/")[0]
        entry = tree.entry(path)
        if entry is not None:
            if entry.kind is EntryKind.SUBMODULE:
                yield path, entry.kind
            return


def _refuse_submodule(path: str, included: Sequence[GoPattern], at: str) -> None:
    """What is in a submodule cannot be seen. Raises `Ungenerated` where a pattern looks there."""
    depth = path.count("/") + 1
    for pattern in included:
        names = pattern.text.split("/")
        head = go_pattern("/".join(names[:depth]))
        if len(names) > depth and (head is None or head.matches(path)):
            raise _in_submodule(path, at)


def _in_submodule(path: str, at: str) -> Ungenerated:
    return Ungenerated(f"{path} is a Git submodule, and what is in it is not part of the repository", at)


def _common(directories: Sequence[str]) -> str:
    """The deepest directory that all lie in."""
    parts = [each.split("/") if each else [] for each in directories]
    common = []
    for names in zip(*parts, strict=False):
        if len(set(names)) > 1:
            break
        common.append(names[0])
    return "/".join(common)


def _of_directory(path: str, prefix: str, context: Context) -> Params:
    base = path.rpartition("/")[2]
    facts: Params = {"path": path, "basename": base, "basenameNormalized": normalized(base)}
    return _path_params(facts, prefix, {}, context)


def _path_params(facts: Params, prefix: str, others: Params, context: Context) -> Params:
    """The parameters that tell of the path, over the others."""
    names = facts["path"].split("/")
    if context.is_go:
        path = {**facts, "segments": TextList(names)}
        return {**others, **({prefix: {"path": path}} if prefix else {"path": path})}
    stem = f"{prefix}.path" if prefix else "path"
    told = {stem if key == "path" else f"{stem}.{key}": value for key, value in facts.items()}
    steps = {f"{stem}[{index}]": name for index, name in enumerate(names) if name}
    return {**others, **told, **steps}


async def _of_files(
    ground: Ground, wanted: _Patterns, prefix: str, context: Context, at: str
) -> list[Params]:
    files = await context.remembered((at, id(ground), wanted), lambda: _files(ground, wanted, context, at))
    ground.tree.prefetch(list(files))
    sets = []
    for path in sorted(files):
        values = await context.remembered(
            (id(ground), path), partial(_objects, ground, path, files[path], context, at)
        )
        context.count(len(values), at)
        sets += [_of_file(_unicode(path, at), value, prefix, context) for value in values]
    return sets


def _files(ground: Ground, wanted: _Patterns, context: Context, at: str) -> dict[str, TreeEntry]:
    included: list[Pathspec] = []
    excluded: list[Pathspec] = []
    for index, (text, excludes) in enumerate(wanted):
        try:
            (excluded if excludes else included).append(pathspec(text))
        except BadPattern as error:
            raise Ungenerated(str(error), f"{at}[{index}].path") from None
    found: dict[str, TreeEntry] = {}
    for pattern in included:
        matching = {
            path: entry
            for path, entry in _every_file(ground.tree, pattern.directory, context, at)
            if _matches(pattern, path, context, at)
            and not any(_matches(each, path, context, at) for each in excluded)
        }
        found.update(matching)
        if ground.is_here:
            _note(pattern, matching, ground.tree, context, at)
    return found


def _matches(pattern: Pathspec, path: str, context: Context, at: str) -> bool:
    context.count_steps(1 + len(pattern.literal) * len(path) // _CHARS_OF_A_STEP, at)
    return pattern.matches(path)


def _note(
    pattern: Pathspec, matching: Mapping[str, TreeEntry], tree: TreeReader, context: Context, at: str
) -> None:
    single = pattern.names_file
    if single and list(matching) == [single]:
        return  # it is noted when it is read
    if single and tree.entry(single) is None:
        context.add(TraceEntry(single, TraceKind.ABSENT, "", ""), at)
    else:
        context.add_listing([pattern.directory], matching, at)


def _every_file(tree: TreeReader, start: str, context: Context, at: str) -> Iterator[tuple[str, TreeEntry]]:
    """Whatever Git keeps in or below a directory, or the one file; directories that a dot hides too."""
    entry = tree.entry(start)
    if entry is not None and entry.kind is not EntryKind.TREE:
        yield start, entry
        return
    for submodule, _ in _submodule_above(tree, start) if entry is None else ():
        raise _in_submodule(submodule, at)
    rest = [start]
    while rest:
        path = rest.pop()
        listing = tree.listing(path)
        context.count_steps(1 + len(listing), at)
        for name, each in listing:
            inside = f"{path}/{name}" if path else name
            if each.kind is EntryKind.TREE:
                rest.append(inside)
            else:
                yield inside, each


def _read(ground: Ground, path: str, entry: TreeEntry, context: Context, at: str) -> bytes:
    """The bytes of a file, through its links. Raises `Ungenerated`."""
    if entry.kind is EntryKind.SUBMODULE:
        raise Ungenerated(f"{path} is a Git submodule, no file", at)
    try:
        place = follow(ground.tree, path)
        if ground.is_here:
            for link, each in place.links:
                context.add(TraceEntry(link, TraceKind.LINK, each.mode, each.id), at)
            if place.entry is not None and place.entry.kind is EntryKind.BLOB:
                context.add_file(place.path, place.entry, at)
            elif place.entry is None:
                context.add(TraceEntry(place.path, TraceKind.ABSENT, "", ""), at)
        if place.entry is None:
            raise Ungenerated(f"{path} leads to a file that does not exist", at)
        data = ground.tree.read(place.path)
    except Outside as error:
        raise Ungenerated(f"{path} {error.message}", at) from None
    except UnreadableFile as error:
        raise Ungenerated(error.message, at) from None
    if is_lfs_pointer(data):
        raise Ungenerated(f"{path} {LFS_REASON}", at)
    context.count_bytes(len(data), at)
    return data


def _objects(ground: Ground, path: str, entry: TreeEntry, context: Context, at: str) -> list[Params]:
    """One mapping, or those of a list. Raises `Ungenerated`."""
    try:
        value = first_document(_read(ground, path, entry, context, at))
    except NotKnown as error:
        raise Ungenerated(f"{path}: {error.message}", at) from None
    if value is None or isinstance(value, dict):
        return [value or {}]
    if isinstance(value, list) and all(each is None or isinstance(each, dict) for each in value):
        return [each or {} for each in value]
    raise Ungenerated(f"{path} must hold a mapping, or a list of them", at)


def _of_file(path: str, value: Params, prefix: str, context: Context) -> Params:
    directory, _, name = path.rpartition("/")
    directory = directory or "."
    base = directory.rpartition("/")[2]
    facts: Params = {
        "path": directory,
        "basename": base,
        "filename": name,
        "basenameNormalized": normalized(base),
        "filenameNormalized": normalized(name),
    }
    others = copied(value) if context.is_go else {key: go_text(each) for key, each in flat(value).items()}
    return _path_params(facts, prefix, others, context)


def _unicode(path: str, at: str) -> str:
    try:
        path.encode()
    except UnicodeEncodeError:
        raise Ungenerated(
            f"the name {path!r} is no Unicode text, and Argo CD cannot hand it on", at
        ) from None
    return path
