"""GitHub's own description of its API, as the judge of what our stand-in and our bot say to each other.

The invariant: what passes here would be understood by GitHub. A request that the official OpenAPI description does not
know, or an answer or webhook payload that it does not describe, is a violation, and a violation fails the test.
"""

import functools
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, cast
from urllib.parse import unquote

from jsonschema import FormatChecker, ValidationError  # type: ignore[import-untyped]
from jsonschema.validators import extend  # type: ignore[import-untyped]
from openapi_schema_validator import OAS30ReadValidator, OAS30WriteValidator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT4

from tests.sandbox.forge.paths import GREEDY

Json = Any
Schema = Mapping[str, Any]

ROOT = "urn:github"
MAX_FAULTS = 5
METHODS = frozenset({"get", "put", "post", "patch", "delete"})

# The description leaves these answers out on many operations although GitHub gives them everywhere.
ALWAYS_POSSIBLE = frozenset({301, 302, 304, 307, 401, 403, 404, 422, 429})

DATE_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")


@dataclass(frozen=True, slots=True)
class Operation:
    name: str
    pattern: re.Pattern[str]
    definition: Schema
    pointer: str
    literal_length: int


class Contract:
    """Answers what is wrong with a request, an answer or a webhook; an empty list is a pass."""

    def __init__(self, description: Schema) -> None:
        self._description = description
        resource: Resource[Json] = DRAFT4.create_resource(description)
        self._registry: Registry[Json] = Registry().with_resource(ROOT, resource)
        self._operations = _operations(description)
        self.find = functools.lru_cache(maxsize=4096)(self._find)
        self._validator = functools.cache(self._compile)

    @staticmethod
    @functools.cache
    def load(path: Path) -> "Contract":
        """The description takes a fifth of a second to read: once per process is enough."""
        return Contract(json.loads(path.read_bytes()))

    def _find(self, method: str, path: str) -> Operation | None:
        matching = [
            operation
            for operation in self._operations.get(method.lower(), ())
            if operation.pattern.fullmatch(path)
        ]
        return max(matching, key=lambda operation: operation.literal_length, default=None)

    def request_faults(
        self, method: str, path: str, query: Iterable[tuple[str, str]], body: Json
    ) -> list[str]:
        operation = self.find(method, path)
        if operation is None:
            return [f"{method} {path}: GitHub has no such operation"]
        found = [*self._parameter_faults(operation, path, dict(query)), *self._body_faults(operation, body)]
        return [f"{method} {path} ({operation.name}): request {fault}" for fault in found]

    def response_faults(self, method: str, path: str, status: int, body: Json) -> list[str]:
        operation = self.find(method, path)
        if operation is None:
            return []
        responses = operation.definition["responses"]
        if str(status) not in responses:
            tolerated = status in ALWAYS_POSSIBLE or status >= 500
            return [] if tolerated else [f"{method} {path} ({operation.name}): undocumented status {status}"]
        pointer = f"{operation.pointer}/responses/{status}"
        response, pointer = self._follow(responses[str(status)], pointer)
        if "application/json" not in response.get("content", {}):
            return []
        schema = f"{pointer}/content/application~1json/schema"
        found = self._schema_faults(schema, body, reading=True)
        return [f"{method} {path} ({operation.name}): answer {status} {fault}" for fault in found]

    def webhook_faults(
        self, event: str, action: str | None, headers: Mapping[str, str], body: Json
    ) -> list[str]:
        name = "-".join(part.replace("_", "-") for part in (event, action) if part)
        definition = self._description["x-webhooks"].get(name)
        if definition is None:
            return [f"webhook {name}: GitHub sends no such event"]
        present = {header.lower() for header in headers}
        missing = [
            f"lacks the header {parameter['name']}"
            for parameter in definition["post"]["parameters"]
            if parameter["in"] == "header" and parameter["name"].lower() not in present
        ]
        schema = f"/x-webhooks/{name}/post/requestBody/content/application~1json/schema"
        return [
            f"webhook {name}: {fault}"
            for fault in [*missing, *self._schema_faults(schema, body, reading=True)]
        ]

    def _parameter_faults(self, operation: Operation, path: str, query: dict[str, str]) -> Iterator[str]:
        match = operation.pattern.fullmatch(path)
        given = {"path": match.groupdict() if match else {}, "query": query}
        described: set[str] = set()
        for index, parameter in enumerate(operation.definition.get("parameters", ())):
            definition, pointer = self._follow(parameter, f"{operation.pointer}/parameters/{index}")
            name, where = definition["name"], definition["in"]
            if where == "query":
                described.add(name)
            if where not in given:
                continue
            text = given[where].get(name)
            if text is None:
                if definition.get("required"):
                    yield f"lacks the {where} parameter {name}"
                continue
            schema, _ = self._follow(definition["schema"], f"{pointer}/schema")
            value = _coerced(unquote(text) if where == "path" else text, schema)
            for fault in self._schema_faults(f"{pointer}/schema", value, reading=False):
                yield f"parameter {name}: {fault}"
        yield from (f"has the unknown query parameter {name}" for name in query.keys() - described)

    def _body_faults(self, operation: Operation, body: Json) -> Iterator[str]:
        definition = operation.definition.get("requestBody")
        if definition is None:
            if body:
                yield "has a body where none is described"
            return
        definition, pointer = self._follow(definition, f"{operation.pointer}/requestBody")
        if "application/json" not in definition["content"]:
            return
        if body is None:
            if definition.get("required"):
                yield "lacks its body"
            return
        schema_pointer = f"{pointer}/content/application~1json/schema"
        yield from self._schema_faults(schema_pointer, body, reading=False)
        schema, _ = self._follow(definition["content"]["application/json"]["schema"], schema_pointer)
        if isinstance(body, dict) and "properties" in schema and not schema.get("additionalProperties"):
            yield from (f"has the unknown field {name}" for name in body.keys() - schema["properties"].keys())

    def _schema_faults(self, pointer: str, value: Json, *, reading: bool) -> list[str]:
        validator = self._validator(pointer, reading)
        errors = (error for error in validator.iter_errors(value) if not _is_of_deleted_fork(error))
        return [_sentence(error) for error in islice(errors, MAX_FAULTS)]

    def _compile(self, pointer: str, reading: bool) -> Any:
        kind = ReadValidator if reading else WriteValidator
        schema = {"$ref": f"{ROOT}#{pointer}"}
        return kind(schema, registry=self._registry, format_checker=FORMATS)

    def _follow(self, definition: Schema, pointer: str) -> tuple[Schema, str]:
        while "$ref" in definition:
            pointer = definition["$ref"].removeprefix("#")
            node: Json = self._description
            for part in pointer.strip("/").split("/"):
                node = node[part.replace("~1", "/").replace("~0", "~")]
            definition = cast("Schema", node)
        return definition, pointer


def _operations(description: Schema) -> dict[str, list[Operation]]:
    operations: dict[str, list[Operation]] = {}
    for template, item in description["paths"].items():
        pattern = re.compile(
            "".join(
                _parameter_pattern(part[1:-1]) if part.startswith("{") else re.escape(part)
                for part in re.split(r"(\{[^}]+\})", template)
            )
        )
        literal_length = len(re.sub(r"\{[^}]+\}", "", template))
        escaped = template.replace("~", "~0").replace("/", "~1")
        # A brace is no legal URI character; the pointer is percent-decoded when it is resolved.
        escaped = escaped.replace("{", "%7B").replace("}", "%7D")
        for method in METHODS & item.keys():
            definition = item[method]
            pointer = f"/paths/{escaped}/{method}"
            operation = Operation(definition["operationId"], pattern, definition, pointer, literal_length)
            operations.setdefault(method, []).append(operation)
    return operations


def _parameter_pattern(name: str) -> str:
    group = name.replace("-", "_")
    return f"(?P<{group}>.+)" if name in GREEDY else f"(?P<{group}>[^/]+)"


def _coerced(text: str, schema: Schema) -> Json:
    kind = schema.get("type")
    if kind == "integer" and re.fullmatch(r"-?\d+", text):
        return int(text)
    if kind == "boolean" and text in ("true", "false"):
        return text == "true"
    if kind == "array":
        return text.split(",")
    return text


def _is_of_deleted_fork(error: ValidationError) -> bool:
    """The head of a pull request whose fork is gone is nowhere and nobody's; the description forgot."""
    return error.instance is None and tuple(error.absolute_path)[-2:] in {("head", "repo"), ("head", "user")}


def _sentence(error: ValidationError) -> str:
    while error.context:
        # The branch that came furthest before it failed says most about what was meant.
        error = max(error.context, key=lambda inner: len(inner.absolute_path))
    where = "/".join(str(part) for part in error.absolute_path)
    # What is wrong stands at the end, after the value it is wrong with.
    message = (
        error.message if len(error.message) <= 300 else f"{error.message[:100]} ... {error.message[-200:]}"
    )
    return f"at {where or 'the top'}: {message}"


def _enum(_validator: Any, allowed: list[Json], value: Json, schema: Schema) -> Iterator[ValidationError]:
    """The description marks fields nullable and then forgets null in their enum; GitHub does send null."""
    if value is None and schema.get("nullable"):
        return
    if value not in allowed:
        yield ValidationError(f"{value!r} is not one of {allowed!r}")


def _is_date_time(value: object) -> bool:
    return not isinstance(value, str) or DATE_TIME.fullmatch(value) is not None


def _is_uri(value: object) -> bool:
    # GitHub's own default for an address that was not given is the empty text.
    return not isinstance(value, str) or not value or re.match(r"[a-z][a-z+.-]*:", value) is not None


def _one_of(validator: Any, branches: list[Json], value: Json, schema: Schema) -> Iterator[ValidationError]:
    """A directory listing is an array and still has a discriminator, which only objects can have.

    And an error may be of several kinds of error at once, none of which demands anything.
    """
    plain = {} if not isinstance(value, dict) else schema
    is_error = isinstance(value, dict) and value.keys() >= {"message", "documentation_url"}
    keyword = OAS30ReadValidator.VALIDATORS["anyOf" if is_error else "oneOf"]
    yield from keyword(validator, branches, value, plain)


def _all_of(validator: Any, branches: list[Json], value: Json, schema: Schema) -> Iterator[ValidationError]:
    """The account of a listed installation is said to be a user *and* an enterprise; it is one of the two."""
    is_mistake = [branch.get("title") for branch in branches] == ["Simple User", "Enterprise"]
    keyword = OAS30ReadValidator.VALIDATORS["anyOf" if is_mistake else "allOf"]
    yield from keyword(validator, branches, value, schema)


FORMATS = FormatChecker(formats=())
FORMATS.checks("date-time")(_is_date_time)
FORMATS.checks("uri")(_is_uri)

KEYWORDS = {"allOf": _all_of, "enum": _enum, "oneOf": _one_of}
ReadValidator = extend(OAS30ReadValidator, KEYWORDS)
WriteValidator = extend(OAS30WriteValidator, KEYWORDS)
