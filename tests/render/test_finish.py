"""What people are told of a rendering after the build: once for what keeps something to itself."""

from bot.model.objects import Object
from bot.model.rendering import Rendering
from bot.render.finish import finished
from bot.render.given import Given
from bot.render.variables import Source, Substitution, elsewhere
from tests.render.trees import target

NOBODY = "ConfigMap live is not declared in this repository"


def told(data: dict[str, str], *sources: Source) -> list[str]:
    manifest = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "web"}, "data": data}
    given = Given(Substitution.of({}, sources))
    return [d.message for d in finished(Rendering((Object.of(manifest),)), target(), given).diagnostics]


def test_one_source_that_is_not_known_is_said_once_for_all_its_variables() -> None:
    assert told({"x": "${a} ${b}", "y": "${b}"}, elsewhere("ConfigMap", "live", NOBODY)) == [
        f"3 fields hold ${{a}} and ${{b}}, which are not known here: {NOBODY}"
    ]
    assert told({"x": "${a}"}, elsewhere("ConfigMap", "live", NOBODY)) == [
        f"1 field holds ${{a}}, which is not known here: {NOBODY}"
    ]


def test_what_a_source_that_is_not_known_may_override_is_said_once() -> None:
    known = Source("ConfigMap here", {"a": "1", "b": "2", "unused": "3"})
    assert told({"x": "${a} ${b}"}, known, elsewhere("ConfigMap", "live", NOBODY)) == [
        f"${{a}} and ${{b}} have their declared values, unless another overrides them: {NOBODY}"
    ]


def test_of_very_many_variables_some_are_named() -> None:
    data = {f"k{at}": f"${{v{at:02}}}" for at in range(30)}
    (message,) = told(data, elsewhere("ConfigMap", "live", NOBODY))
    assert "${v00}, ${v01}" in message
    assert "and 20 more variables, which are not known here" in message
