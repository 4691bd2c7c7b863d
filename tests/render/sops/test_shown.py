"""What a plan compares of what is encrypted: facts, marks and stable names."""

import base64
from typing import Any

import pytest

from bot.diff.mask import Mask
from bot.diff.objects import compare
from bot.model.objects import Object
from bot.model.plan import ObjectChange
from bot.model.rendering import Hole, Rendering
from bot.render.sops.shown import shown
from tests.render.agekeys import AgeKey, make_key
from tests.render.sopsfiles import encrypt

MASK = Mask(b"m" * 32)


@pytest.fixture(scope="module")
def key() -> AgeKey:
    return make_key()


@pytest.fixture(scope="module")
def file(key: AgeKey) -> bytes:
    return encrypt(key, b"password: hunter2\nhost: db.example.test\n", "yaml")


def secret(ending: str, *, namespace: str = "app", **data: bytes) -> Object:
    encoded = {name: base64.b64encode(value).decode() for name, value in data.items()}
    metadata = {"name": f"generated{ending}", "namespace": namespace}
    return Object.of({"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "data": encoded})


def deployment(name: str) -> Object:
    spec: Any = {"volumes": [{"name": "v", "secret": {"secretName": name}}]}
    return Object.of({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web"}, "spec": spec})


def rendering(ending: str, data: bytes) -> Rendering:
    hole = Hole(secret(ending).id, "metadata.labels.x", "VAR", "it is not known")
    return Rendering((secret(ending, conf=data), deployment(f"generated{ending}")), holes=(hole,))


def changes(old: Rendering, new: Rendering) -> tuple[ObjectChange, ...]:
    return compare(MASK.mask(shown(old)), MASK.mask(shown(new)))


def without_noise(file: bytes) -> bytes:
    """As `sops edit` leaves a file in which nothing was changed: another time, and so another MAC."""
    lines = file.decode().splitlines()
    mac = next(line for line in lines if "mac: ENC[" in line)
    return file.replace(mac.encode(), mac.replace("data:", "data:AA").encode())


def test_a_file_that_only_lost_its_mac_changes_nothing(file: bytes) -> None:
    assert changes(rendering("-bcdfghkmt2", file), rendering("-2tmkhgfdcb", without_noise(file))) == ()


def test_a_value_encrypted_anew_shows_its_key_and_whoever_reads_the_secret(key: AgeKey, file: bytes) -> None:
    again = encrypt(key, b"password: hunter3\nhost: db.example.test\n", "yaml")
    found = changes(rendering("-bcdfghkmt2", file), rendering("-2tmkhgfdcb", again))
    assert [c.id.kind for c in found] == ["Pod", "Secret"]
    paths = {field.path: (field.old, field.new) for field in found[1].fields}
    assert {"data.conf", "sops.conf.keys.password", "sops.conf.keys.host"} <= paths.keys()
    for path, values in paths.items():
        if "lastmodified" not in path:
            assert all(str(value).startswith("<encrypted ") for value in values), path
    assert found[1].old_name is not None
    assert not any(c.id.name.endswith(("-2tmkhgfdcb", "-bcdfghkmt2")) for c in found)


def test_recipients_are_shown_as_they_are(key: AgeKey, file: bytes) -> None:
    masked = MASK.mask(shown(rendering("-bcdfghkmt2", file)))
    told = masked.objects[0].manifest["sops"]["conf"]
    assert told["age"] == [key.recipient]
    assert told["keys"]["password"].startswith("<encrypted ")


def test_a_made_up_name_is_said_and_leaves_a_hole(file: bytes) -> None:
    found = shown(rendering("-bcdfghkmt2", file))
    (remark,) = found.diagnostics
    assert remark.message.startswith("the generated name of generated will end otherwise than shown")
    new = found.objects[0].id
    assert [hole.object for hole in found.holes] == [new, new]
    assert found.objects[1].manifest["spec"]["volumes"][0]["secret"]["secretName"] == new.name


def test_a_name_that_is_not_generated_stays(file: bytes) -> None:
    found = shown(rendering("", file))
    assert (found.objects[0].id.name, found.diagnostics) == ("generated", ())


def test_what_is_not_encrypted_comes_back_as_it_is() -> None:
    plain = Rendering((secret("-bcdfghkmt2", conf=b"plain"), deployment("x")))
    assert shown(plain) is plain
