"""How files of a generated repository are written down."""

from collections.abc import Sequence

import yaml

from bot.model.objects import Manifest
from tests.sandbox.forge.core.git_objects import File

Content = str | bytes | File


def documents_text(documents: Sequence[Manifest]) -> str:
    return yaml.dump_all(documents, Dumper=_Dumper, sort_keys=False, width=1000)


def namespace(name: str) -> Manifest:
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}


class _Dumper(yaml.SafeDumper):
    """Quotes what another reader of YAML may take for a number."""


def _text(dumper: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
    style = "'" if value[:1].isdigit() or value[:1] in "+-." or value in _TRUTHS else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style="|" if "\n" in value else style)


_TRUTHS = frozenset("yYnN")
"""What YAML 1.1 takes for a truth and PyYAML does not."""

_Dumper.add_representer(str, _text)
