"""The `spec` of a declared object, held against what its controller knows of it."""

from dataclasses import dataclass

from bot.discover.fields import mapping
from bot.discover.schema import Fields, cleaned, first_problem
from bot.model.objects import Manifest


@dataclass(frozen=True, slots=True)
class Spec:
    """`raw` is what stands there, `written` the same where it is a mapping, `fields` what of it is of its type.

    `problem` names the first field that is not.
    """

    raw: object
    written: Manifest
    fields: Manifest
    problem: str = ""

    @classmethod
    def of(cls, manifest: Manifest, shape: Fields) -> "Spec":
        written = manifest.get("spec")
        if written is None:
            return cls(None, {}, {}, "spec is missing")
        problem = first_problem(written, shape, "spec")
        return cls(written, mapping(written), cleaned(written, shape) or {}, problem)
