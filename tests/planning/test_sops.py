"""A Flux repository with encrypted secrets: planned for a pull request without a key, and with one where it is trusted."""

import asyncio
import json
import logging
import zlib
from collections.abc import Mapping
from dataclasses import dataclass

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.git.repository import Repository
from bot.model.plan import Plan, TargetPlan, TargetStatus
from bot.model.rendering import Severity, Trust
from bot.planning.exhaustive import ExhaustiveRenderings
from bot.planning.plan import look, make_plan
from bot.planning.renderings import Renderings
from bot.planning.verify import verify
from bot.render.sops.decrypt import Decryptor, NotTrusted
from bot.report.comment import plan_comment
from bot.report.plan_json import plan_json
from bot.report.terminal import plan_text
from tests.planning.conftest import Bench, target
from tests.render.agekeys import AgeKey, make_key
from tests.render.sopsfiles import decryptor, edit, encrypt

PLANTED = "hunter2-planted-plain-text"
KUBERNETES = ("--encrypted-regex", "^(data|stringData)$")
RULES = "creation_rules:\n  - path_regex: secret.*\\.(yaml|env)$\n    encrypted_regex: ^(data|stringData)$\n    age: {}\n"
SYNC = """apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: {{name: {name}, namespace: flux-system}}
spec:
  path: ./{path}
  prune: true
  sourceRef: {{kind: GitRepository, name: flux-system}}
{more}"""
DECRYPTION = "  decryption: {provider: sops, secretRef: {name: sops-age}}\n"
WEB = """apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: app}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: 'web:1', envFrom: [{secretRef: {name: generated}}]}]}
"""


@dataclass(frozen=True)
class Fleet:
    """One cluster with one application, whose two secrets are encrypted for `key`."""

    bench: Bench
    key: AgeKey

    def found(self, password: str = PLANTED) -> Mapping[str, str | bytes]:
        env = encrypt(self.key, f"TOKEN={password}-env\nUSER=nobody-special\n".encode(), "dotenv")
        return {
            ".sops.yaml": RULES.format(self.key.recipient),
            "clusters/live/flux-system/gotk-sync.yaml": SYNC.format(
                name="flux-system", path="clusters/live", more=""
            ),
            "clusters/live/app.yaml": SYNC.format(name="app", path="app", more=DECRYPTION),
            "app/kustomization.yaml": "namespace: app\nresources: [secret.yaml, web.yaml]\n"
            "secretGenerator: [{name: generated, envs: [secret.env]}]\n",
            "app/web.yaml": WEB,
            "app/secret.yaml": self.secret(password=password, user="nobody-special"),
            "app/secret.env": env,
        }

    def secret(self, **values: str) -> bytes:
        return encrypt(self.key, plain(**values).encode(), "yaml", *KUBERNETES)

    def set(self, file: str, key: str, value: str) -> None:
        """As a person edits: the values that stay keep their ciphertext."""
        edit(self.key, self.bench.work.path / file, "set", f'["stringData"]["{key}"]', json.dumps(value))

    def held(self) -> Decryptor:
        return decryptor(self.key)

    async def plan(self, held: Decryptor | None = None, *, checked: bool = False) -> Plan:
        bench = self.bench
        trust = Trust.TRUSTED if held else Trust.PULL_REQUEST
        async with Repository.open(bench.work.path) as repository:
            renderings = Renderings(bench.workshop(), trust, bench.rendered.append, decryptor=held)
            sides = [await bench.side(repository, revision) for revision in ("HEAD~1", "HEAD")]
            plan = await make_plan(
                await look(repository, sides[0], sides[1], bench.finding, renderings), renderings
            )
            if checked:
                async with ExhaustiveRenderings.open(bench.workshop(), decryptor=held) as exhaustive:
                    assert (await verify(repository, plan, bench.finding, exhaustive)).disagreements == ()
        return plan

    def everything_kept(self) -> bytes:
        """All that is in the caches, unpacked as their own readers do it."""
        found = b""
        for file in self.bench.home.rglob("*"):
            if file.is_file():
                data = file.read_bytes()
                found += data + _inflated(data)
        return found


def _inflated(data: bytes) -> bytes:
    _, _, packed = data.partition(b"\n")
    return zlib.decompress(packed)


def plain(**values: str) -> str:
    lines = "".join(f"  {name}: {json.dumps(value)}\n" for name, value in values.items())
    return f"apiVersion: v1\nkind: Secret\nmetadata:\n  name: db\nstringData:\n{lines}"


@pytest.fixture(scope="module")
def key() -> AgeKey:
    return make_key()


@pytest.fixture
def fleet(bench: Bench, key: AgeKey) -> Fleet:
    found = Fleet(bench, key)
    bench.work.commit(found.found())
    return found


def app(plan: Plan) -> TargetPlan:
    return target(plan, "flux-system/app", "live")


def fields(plan: Plan) -> dict[str, tuple[object, object]]:
    return {f"{c.id.name}: {f.path}": (f.old, f.new) for c in app(plan).changes for f in c.fields}


def said(plan: Plan) -> list[tuple[Severity, str | None]]:
    return [(d.severity, d.file) for d in plan.diagnostics]


def everything_shown(plan: Plan) -> str:
    return plan_json(plan) + plan_text(plan, colour=False, width=100) + plan_comment(plan) + repr(plan)


async def test_a_pull_request_that_changes_a_value_and_adds_one_shows_their_keys(fleet: Fleet) -> None:
    fleet.set("app/secret.yaml", "password", f"{PLANTED}-changed")
    fleet.set("app/secret.yaml", "pin", PLANTED)
    fleet.bench.work.commit()
    plan = await fleet.plan(checked=True)
    assert app(plan).status is TargetStatus.CHANGED, app(plan).diagnostics
    changed = fields(plan)
    assert changed.keys() - {"db: sops.lastmodified"} == {"db: data.password", "db: data.pin"}
    old, new = changed["db: data.password"]
    assert str(old).startswith("<encrypted ")
    assert str(new).startswith("<encrypted ")
    assert old != new
    (remark,) = plan.diagnostics
    assert (remark.severity, remark.file) == (Severity.NOTICE, "app/secret.yaml")
    assert remark.message == "encrypted with SOPS: changed stringData.password; added stringData.pin"
    assert PLANTED not in everything_shown(plan)


async def test_a_pull_request_that_forgets_to_encrypt_has_an_error_on_the_file(fleet: Fleet) -> None:
    fleet.bench.work.commit({"app/secret.yaml": plain(password=PLANTED, user="nobody-special")})
    plan = await fleet.plan(checked=True)
    assert said(plan) == [(Severity.ERROR, "app/secret.yaml")]
    assert "stringData.password" in plan.diagnostics[0].message
    assert PLANTED not in everything_shown(plan)


async def test_a_new_recipient_is_shown_and_nothing_else_changes(fleet: Fleet) -> None:
    other = make_key()
    file = fleet.bench.work.path / "app/secret.yaml"
    edit(fleet.key, file, "rotate", options=("--in-place", "--add-age", other.recipient))
    fleet.bench.work.commit()
    plan = await fleet.plan()
    assert f"now also for age {other.recipient}" in plan.diagnostics[0].message
    assert "re-encrypted: all 2 values" in plan.diagnostics[0].message
    assert fields(plan)["db: sops.age[1]"][1] == other.recipient
    # Whoever holds the key sees that no value changed.
    decrypted = await fleet.plan(fleet.held(), checked=True)
    assert (app(decrypted).status, app(decrypted).changes) == (TargetStatus.UNCHANGED, ())


async def test_a_generated_secret_keeps_its_name_until_a_value_is_encrypted_anew(fleet: Fleet) -> None:
    env = fleet.bench.work.path / "app/secret.env"
    touched = env.read_text().replace("sops_lastmodified=20", "sops_lastmodified=19")
    fleet.bench.work.commit({"app/secret.env": touched})
    plan = await fleet.plan()
    assert {path.partition(": ")[2] for path in fields(plan)} == {"sops.lastmodified"}
    assert not any(c.id.kind == "Deployment" for c in app(plan).changes)
    assert any("will end otherwise than shown" in d.message for d in app(plan).diagnostics)


async def test_a_trusted_rendering_is_decrypted_and_masked(
    fleet: Fleet, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    fleet.set("app/secret.yaml", "password", f"{PLANTED}-changed")
    fleet.bench.work.commit()
    plan = await fleet.plan(fleet.held(), checked=True)
    changed = fields(plan)
    assert changed.keys() == {"db: data.password"}
    assert all(str(value).startswith("<masked ") for value in changed["db: data.password"])
    assert not any("otherwise than shown" in d.message for d in app(plan).diagnostics)
    assert PLANTED not in everything_shown(plan) + caplog.text
    kept = fleet.everything_kept()
    assert b"flux-system/app" in kept
    assert b"<masked " in kept
    assert PLANTED.encode() not in kept
    assert fleet.key.secret.encode() not in kept


async def test_what_a_key_decrypted_is_never_taken_for_what_was_rendered_without(fleet: Fleet) -> None:
    fleet.set("app/secret.yaml", "password", f"{PLANTED}-changed")
    fleet.bench.work.commit()
    alone = await fleet.plan()
    decrypted = await fleet.plan(fleet.held())
    assert fields(decrypted) != fields(alone)
    # The same caches, in any order, and another key.
    assert await fleet.plan() == alone
    assert await fleet.plan(fleet.held()) == decrypted
    strange = await fleet.plan(decryptor(make_key()))
    assert app(strange).status is TargetStatus.UNKNOWN
    wrong = {d.file for d in app(strange).diagnostics if d.severity is Severity.ERROR}
    assert wrong <= {"app/secret.yaml", "app/secret.env"}
    assert target(strange, "flux-system/flux-system", "live").status is TargetStatus.UNCHANGED


async def test_a_pull_request_is_never_given_a_key(fleet: Fleet) -> None:
    with pytest.raises(NotTrusted):
        Renderings(fleet.bench.workshop(), Trust.PULL_REQUEST, decryptor=fleet.held())


@settings(
    max_examples=6,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    st.text(
        st.characters(min_codepoint=32, max_codepoint=0x2FF, exclude_characters="\x7f\x85"), min_size=6
    ).map(lambda text: f"sëcret-{text}-end")
)
def test_no_value_is_kept_or_shown_whatever_it_is(fleet: Fleet, value: str) -> None:
    hidden = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: notes}\ndata:\n  note: " + json.dumps(value)
    before = {**fleet.found(), "app/hidden.yaml": encrypt(fleet.key, hidden.encode(), "yaml", *KUBERNETES)}
    listed = "namespace: app\nresources: [secret.yaml, web.yaml, hidden.yaml]\n"
    fleet.bench.work.commit({**before, "app/kustomization.yaml": listed})
    after = {"app/secret.yaml": fleet.secret(password=value, user="nobody-special")}
    fleet.bench.work.commit(
        {
            **after,
            "app/hidden.yaml": encrypt(fleet.key, (hidden + "\n  more: x").encode(), "yaml", *KUBERNETES),
        }
    )
    plan = asyncio.run(fleet.plan(fleet.held()))
    assert app(plan).status is TargetStatus.CHANGED
    escaped = json.dumps(value)[1:-1]
    assert value not in everything_shown(plan)
    assert escaped not in everything_shown(plan)
    assert value.encode() not in fleet.everything_kept()
