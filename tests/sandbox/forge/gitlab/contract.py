"""What GitLab's documentation says of its API, as the judge of what the stand-in and a client say to each other.

The invariant: what is not written down in `schemas/` is a violation: an operation, a parameter, a field of an answer,
a webhook; and a violation fails the test.
"""

import functools
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft202012Validator, ValidationError  # type: ignore[import-untyped]
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

from tests.sandbox.forge.gitlab.notation import MAYBE, ROOT, inherited, lenient, schema_of
from tests.sandbox.forge.gitlab.params import Params

Json = Any
SCHEMAS = Path(__file__).parent / "schemas"
MAX_FAULTS = 5

PAGED = {"page": "integer", "per_page": "integer"}
KEYED = {**PAGED, "pagination": "=keyset|legacy|none", "cursor": "string", "page_token": "string"}
ERROR_FIELDS = frozenset({"message", "error", "error_description", "scope"})
STATUSES = {"GET": 200, "HEAD": 200, "PUT": 200, "PATCH": 200, "POST": 201, "DELETE": 204}
WEBHOOK_HEADERS = (
    "X-Gitlab-Event",
    "X-Gitlab-Webhook-UUID",
    "X-Gitlab-Instance",
    "X-Gitlab-Event-UUID",
    "Idempotency-Key",
)


@dataclass(frozen=True, slots=True)
class Operation:
    """`takes` are parameters, wherever they stand; a `!` at the end of a name says that it has to be there."""

    name: str
    method: str
    pattern: re.Pattern[str]
    literal_length: int
    takes: Mapping[str, Any]
    gives: Any
    status: int


class Contract:
    """Answers what is wrong with a request, an answer or a webhook; an empty list is a pass."""

    def __init__(self, documents: Iterable[Mapping[str, Any]]) -> None:
        self._shapes: dict[str, Any] = {}
        self._hooks: dict[str, str] = {}
        described: dict[str, Any] = {}
        for document in documents:
            self._shapes |= document.get("shapes") or {}
            self._hooks |= document.get("hooks") or {}
            described |= document.get("operations") or {}
        self._operations = [_operation(name, one or {}, self._shapes) for name, one in described.items()]
        definitions = {name: schema_of(shape, self._shapes) for name, shape in self._shapes.items()}
        resource: Resource[Json] = DRAFT202012.create_resource({"$defs": definitions})
        self._registry: Registry[Json] = Registry().with_resource(ROOT, resource)
        self.find = functools.lru_cache(maxsize=4096)(self._find)
        self._validators: dict[str, Draft202012Validator] = {}

    @staticmethod
    @functools.cache
    def load() -> "Contract":
        return Contract(yaml.safe_load(path.read_text()) for path in sorted(SCHEMAS.glob("*.yaml")))

    @property
    def operations(self) -> list[str]:
        return [known.name for known in self._operations]

    def _find(self, method: str, path: str) -> Operation | None:
        matching = [o for o in self._operations if o.method == method and o.pattern.fullmatch(path)]
        return max(matching, key=lambda known: known.literal_length, default=None)

    def request_faults(
        self, method: str, path: str, query: Iterable[tuple[str, str]], body: Json
    ) -> list[str]:
        operation = self.find(method, path)
        if operation is None:
            return [f"{method} {path}: GitLab has no such operation, or nobody wrote it down"]
        if body is not None and not isinstance(body, dict):
            return [f"{operation.name}: the body is no object"]
        asked = Params.merged(list(query), {}).fields
        given = {**asked, **(body or {})}
        takes = {name.removesuffix("!"): spec for name, spec in operation.takes.items()}
        found = [f"has the unknown parameter {name}" for name in given.keys() - takes.keys()]
        found += [
            f"lacks the parameter {name[:-1]}"
            for name in operation.takes
            if name.endswith("!") and name[:-1] not in given
        ]
        for name, value in given.items():
            if name in takes:
                schema = (lenient if name in asked else schema_of)(_or_null(takes[name]), self._shapes)
                where = f"{operation.name} {name} {'query' if name in asked else 'body'}"
                found += [f"parameter {name}: {fault}" for fault in self._faults(where, schema, value)]
        return [f"{operation.name}: request {fault}" for fault in found]

    def response_faults(
        self, method: str, path: str, status: int, body: Json, *, is_text: bool = False
    ) -> list[str]:
        operation = self.find(method, path)
        if operation is None:
            return []
        if status >= 300:
            is_error = isinstance(body, dict) and bool(body) and body.keys() <= ERROR_FIELDS
            return (
                [] if is_text or is_error else [f"{operation.name}: {status} is no error of GitLab's: {body}"]
            )
        if status != operation.status:
            return [f"{operation.name}: undocumented status {status}"]
        if operation.gives is None or is_text:
            expects_text = operation.gives == "text"
            return (
                []
                if (body is None and not is_text) or expects_text
                else [f"{operation.name}: answer not described"]
            )
        schema = schema_of(operation.gives, self._shapes)
        return [f"{operation.name}: answer {fault}" for fault in self._faults(operation.name, schema, body)]

    def webhook_faults(self, event: str, headers: Mapping[str, str], body: Json) -> list[str]:
        if event not in self._hooks:
            return [f"webhook {event}: nobody wrote it down"]
        missing = [f"lacks the header {name}" for name in WEBHOOK_HEADERS if name not in headers]
        schema = schema_of(self._hooks[event], self._shapes)
        return [
            f"webhook {event}: {fault}" for fault in [*missing, *self._faults(f"hook {event}", schema, body)]
        ]

    def _faults(self, name: str, schema: Mapping[str, Any], value: Json) -> list[str]:
        if name not in self._validators:
            self._validators[name] = Draft202012Validator(schema, registry=self._registry)
        return [_sentence(error) for error in islice(self._validators[name].iter_errors(value), MAX_FAULTS)]


def _or_null(spec: Any) -> Any:
    """Every parameter may be null, which is as good as not given."""
    return f"{MAYBE}{spec}" if isinstance(spec, str) and not spec.startswith(MAYBE) else spec


def _operation(name: str, described: Mapping[str, Any], shapes: Mapping[str, Any]) -> Operation:
    method, _, template = name.partition(" ")
    pattern = re.compile(re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(template)))
    paged = {"offset": PAGED, "keyset": KEYED, None: {}}[described.get("paged")]
    return Operation(
        name,
        method,
        pattern,
        len(re.sub(r"\{[^}]+\}", "", template)),
        {**inherited(described.get("takes") or {}, shapes), **paged},
        described.get("gives"),
        described.get("status") or STATUSES[method],
    )


def _sentence(error: ValidationError) -> str:
    while error.context:
        # The branch that came furthest before it failed says most about what was meant.
        error = max(error.context, key=lambda inner: (len(inner.absolute_path), inner.validator != "type"))
    where = "/".join(str(part) for part in error.absolute_path)
    message = (
        error.message if len(error.message) <= 300 else f"{error.message[:100]} ... {error.message[-200:]}"
    )
    return f"at {where or 'the top'}: {message}"
