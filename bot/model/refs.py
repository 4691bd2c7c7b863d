"""What controllers call one another's objects by."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ObjectRef:
    """An object of a controller by its kind and name. `namespace` is empty where nothing says it."""

    kind: str
    namespace: str
    name: str

    def __str__(self) -> str:
        return f"{self.kind} {self.namespace}/{self.name}" if self.namespace else f"{self.kind} {self.name}"
