"""Reads `.sops.yaml`, and says of a file what its rules want and what in it stands in plain text.

The first rule whose `path_regex` is found in the path, relative to the directory of `.sops.yaml`, is the file's; that
is how sops picks the keys when somebody encrypts. Such a rule says with whose keys, not that every file it covers is
a secret: many repositories have one for every manifest. So the facts tell how closely a rule names the file, and whether
a file is wrong is for `bot.policy` to say. Nothing here holds a value.
"""

import posixpath
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

from bot.model.manifests import Document, ManifestError, documents
from bot.model.rendering import Diagnostic, Severity
from bot.render.errors import Unrenderable
from bot.render.go_regex import BadPattern, GoRegex, go_regex
from bot.render.sops.facts import describe, is_ciphertext, leaves
from bot.render.sops.flat import flat_document
from bot.render.sops.formats import Format, format_for
from bot.render.sops.plaintext import PlainSecret, plain_secrets
from bot.render.sops.scope import BadScope, Scope

RULES_FILE = ".sops.yaml"
MAX_RULES = 1000
_MOST_KEYS = 100
_SECRET = re.compile(rb"""kind["']?[ \t]*:[ \t]*["']?Secret\b|secretGenerator""")
_MANIFESTS = (".yaml", ".yml", ".json")


@dataclass(frozen=True, slots=True)
class CreationRule:
    """`path` is None for a rule that covers everything. `place` is what a person looks for."""

    place: str
    path: GoRegex | None
    scope: Scope


@dataclass(frozen=True, slots=True)
class RuleFile:
    """One `.sops.yaml`, at `file`. `problems` are what makes sops refuse it; the rules from there on do not count."""

    file: str
    rules: tuple[CreationRule, ...] = ()
    problems: tuple[Diagnostic, ...] = ()

    @property
    def directory(self) -> str:
        return posixpath.dirname(self.file)

    def rule_for(self, path: str) -> CreationRule | None:
        relative = self._relative(path)
        return next((rule for rule in self.rules if rule.path is None or rule.path.matches(relative)), None)

    def names(self, rule: CreationRule, path: str) -> bool:
        """Whether the rule means this very name, and not just any file of the directory or any manifest."""
        if rule.path is None:
            return False
        ending = posixpath.splitext(path)[1]
        neighbour = f"x{ending if ending in _MANIFESTS else '.txt'}"
        beside = posixpath.join(posixpath.dirname(self._relative(path)), neighbour)
        return not rule.path.matches(beside)

    def _relative(self, path: str) -> str:
        return path.removeprefix(f"{self.directory}/") if self.directory else path


@dataclass(frozen=True, slots=True)
class SecretFile:
    """What is known of one file. `rule` is where the rule that covers it stands, empty for none.

    `plain_keys` are the keys that a rule which names the file wants encrypted and that are not; `exposed` those which the file's own
    metadata wants encrypted; `secrets` the Secrets in it that hold plain values.
    """

    path: str
    rule: str = ""
    is_covered_by_path: bool = False
    is_named: bool = False
    is_encrypted: bool = False
    plain_keys: tuple[str, ...] = ()
    exposed: tuple[str, ...] = ()
    secrets: tuple[PlainSecret, ...] = ()


def parse_rules(data: bytes, file: str) -> RuleFile:
    """Never raises: what sops would refuse is a problem."""
    try:
        parsed = documents(data, file=file)
    except ManifestError as error:
        return RuleFile(file, problems=(Diagnostic(Severity.ERROR, error.problem, file, error.line),))
    value = parsed[0].value if parsed else {}
    declared = value.get("creation_rules") if isinstance(value, dict) else None
    if declared is None:
        return RuleFile(file)
    if not isinstance(declared, list) or len(declared) > MAX_RULES:
        return RuleFile(
            file, problems=(_problem(file, "creation_rules", f"must be a list of up to {MAX_RULES}"),)
        )
    rules: list[CreationRule] = []
    for index, item in enumerate(declared):
        place = f"creation_rules[{index}]"
        try:
            rules.append(_rule(item, place))
        except (BadPattern, BadScope) as error:
            return RuleFile(file, tuple(rules), (_problem(file, place, error.message),))
    return RuleFile(file, tuple(rules))


def nearest(files: Iterable[RuleFile], path: str) -> RuleFile | None:
    """The `.sops.yaml` that sops finds from the file's directory upwards."""
    above = [f for f in files if not f.directory or path.startswith(f"{f.directory}/")]
    return max(above, key=lambda found: len(found.directory), default=None)


def examine(path: str, data: bytes, rules: RuleFile | None) -> SecretFile:
    """The facts of one file of the repository. Never raises: what cannot be read holds nothing that we know of."""
    if posixpath.basename(path) == RULES_FILE:
        return SecretFile(path)  # sops reads it, so it can be no secret, whatever its rules cover
    as_format = format_for(path)
    rule = rules.rule_for(path) if rules else None
    is_named = rules is not None and rule is not None and rules.names(rule, path)
    try:
        facts = describe(data, as_format, file=path)
        is_worth_it = is_named or (as_format in {Format.YAML, Format.JSON} and _may_declare_secret(data))
        parsed = _documents(data, as_format, path) if is_worth_it else []
    except (Unrenderable, ManifestError):
        return SecretFile(path)
    # Of several documents some may be encrypted and others not: sops itself leaves none.
    plain = [document for document in parsed if not _holds_metadata(document.value)]
    scope = rule.scope if rule else None
    return SecretFile(
        path,
        rule=f"{rules.file} ({rule.place})" if rules and rule else "",
        is_covered_by_path=rule is not None and rule.path is not None,
        is_named=is_named,
        is_encrypted=facts is not None,
        plain_keys=_plain_keys(plain, scope, as_format) if is_named and scope and facts is None else (),
        exposed=facts.exposed if facts else (),
        secrets=tuple(secret for document in plain for secret in plain_secrets(document, scope)),
    )


def _rule(item: Any, place: str) -> CreationRule:
    if not isinstance(item, dict):
        raise BadScope("must be a mapping")
    pattern = item.get("path_regex") or ""
    if not isinstance(pattern, str):
        raise BadScope("path_regex must be text")
    return CreationRule(place, go_regex(pattern) if pattern else None, Scope.of(item))


def _problem(file: str, field: str, reason: str) -> Diagnostic:
    return Diagnostic(Severity.ERROR, f"{field}: {reason}; sops refuses the file", file)


def _may_declare_secret(data: bytes) -> bool:
    return _SECRET.search(data) is not None


def _documents(data: bytes, as_format: Format, path: str) -> list[Document]:
    match as_format:
        case Format.YAML | Format.JSON:
            return documents(data, file=path)
        case Format.DOTENV | Format.INI:
            return [Document(flat_document(data, as_format), 1)]
        case Format.BINARY:
            return [Document({"data": "any bytes"}, 1)] if data else []


def _holds_metadata(value: Any) -> bool:
    return isinstance(value, dict) and isinstance(value.get("sops"), dict)


def _plain_keys(parsed: list[Document], scope: Scope, as_format: Format) -> tuple[str, ...]:
    """The first of them: nobody reads more."""
    return tuple(islice(_plain(parsed, scope, as_format), _MOST_KEYS))


def _plain(parsed: list[Document], scope: Scope, as_format: Format) -> Iterator[str]:
    for document in parsed:
        for keys, shown, leaf in leaves(document.value):
            if leaf not in (None, "") and not is_ciphertext(leaf) and scope.encrypts(keys):
                yield "its content" if as_format is Format.BINARY else shown[:200]
