import base64
from typing import Any

import pytest

from bot.render.envsubst import Unknown
from bot.render.variables import Source, Strategy, Substitution, declared, elsewhere, missing

CIPHERTEXT = "ENC[AES256_GCM,data:aaaa,iv:bbbb,tag:cccc,type:str]"


def manifest(kind: str, **parts: Any) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": kind, "metadata": {"name": "settings"}, **parts}


def encoded(text: bytes) -> str:
    return base64.b64encode(text).decode()


class TestDeclared:
    def test_a_config_map_gives_its_data(self) -> None:
        source = declared(manifest("ConfigMap", data={"a": "1"}, binaryData={"b": encoded(b"x")}))
        assert source == Source("ConfigMap settings", {"a": "1"})

    def test_a_secret_gives_its_data_decoded_and_its_string_data_over_it(self) -> None:
        source = declared(
            manifest("Secret", data={"a": encoded(b"1"), "b": encoded(b"2")}, stringData={"b": "3"})
        )
        assert source.values == {"a": "1", "b": "3"}

    @pytest.mark.parametrize("part", ["data", "stringData"])
    def test_an_encrypted_value_is_unknown_and_tells_when_it_changes(self, part: str) -> None:
        one = declared(manifest("Secret", **{part: {"a": CIPHERTEXT}})).unknown["a"]
        other = declared(manifest("Secret", **{part: {"a": CIPHERTEXT.replace("aaaa", "dddd")}})).unknown["a"]
        assert one.reason == other.reason == f"{part} of Secret settings is encrypted"
        assert one.version != other.version

    def test_an_encrypted_value_over_one_in_clear_is_unknown(self) -> None:
        source = declared(manifest("Secret", data={"a": encoded(b"1")}, stringData={"a": CIPHERTEXT}))
        assert (dict(source.values), set(source.unknown)) == ({}, {"a"})

    @pytest.mark.parametrize("value", ["not base64!", encoded(b"\xff\xfe"), 1, None])
    def test_what_is_no_text_is_unknown(self, value: object) -> None:
        assert set(declared(manifest("Secret", data={"a": value})).unknown) == {"a"}

    @pytest.mark.parametrize("data", [None, [], "text", {}])
    def test_no_data_gives_nothing(self, data: object) -> None:
        assert declared(manifest("ConfigMap", data=data)) == Source("ConfigMap settings")


class TestMerge:
    def test_a_later_source_wins_and_inline_wins_over_all(self) -> None:
        merged = Substitution.of(
            {"c": "inline"},
            [Source("one", {"a": "1", "b": "1", "c": "1"}), Source("two", {"b": "2", "c": "2"})],
        )
        assert merged.variables == {"a": "1", "b": "2", "c": "inline"}
        assert merged.problems == ()

    def test_line_breaks_are_taken_out_of_values(self) -> None:
        assert Substitution.of({"a": "1\n2\n"}, [Source("s", {"b": "\n3"})]).variables == {
            "a": "12",
            "b": "3",
        }

    def test_an_unknown_value_hides_earlier_ones_and_is_hidden_by_later_ones(self) -> None:
        unknown = Source("secret", unknown={"a": Unknown("x"), "b": Unknown("x")})
        merged = Substitution.of({"b": "1"}, [Source("first", {"a": "0", "c": "0"}), unknown])
        assert merged.variables == {"b": "1", "c": "0"}
        assert merged.unknown == {"a": Unknown("x")}

    def test_what_an_unread_source_may_override_is_assumed(self) -> None:
        merged = Substitution.of(
            {"a": "inline"},
            [
                Source("first", {"a": "0", "b": "0"}),
                elsewhere("Secret", "s", "why"),
                Source("last", {"c": "0"}),
            ],
        )
        assert merged.variables == {"a": "inline", "b": "0", "c": "0"}
        assert merged.assumed == {"b": Unknown("why")}
        assert merged.lookup("nothing") == Unknown("why")

    def test_a_source_that_does_not_exist_is_a_problem_unless_it_is_optional(self) -> None:
        assert Substitution.of({}, [missing("Secret", "s", is_optional=True)]).problems == ()
        assert Substitution.of({}, [missing("Secret", "s", is_optional=False)]).problems == (
            "substituteFrom: Secret s does not exist, and is not optional",
        )

    @pytest.mark.parametrize("name", ["a-b", "1a", "", "a.b", "é", "a\n"])
    def test_one_bad_name_is_a_problem_used_or_not(self, name: str) -> None:
        assert Substitution.of({}, [Source("ConfigMap s", {name: "1"})]).problems
        assert Substitution.of({name: "1"}).problems
        assert Substitution.of({}, [Source("Secret s", unknown={name: Unknown("x")})]).problems

    def test_good_names_are_no_problem(self) -> None:
        assert Substitution.of({"a": "1", "_A9": "2", "ALL_CAPS": "3"}).problems == ()

    @pytest.mark.parametrize("value", [1, True, None, ["x"]])
    def test_an_inline_value_that_is_no_text_is_a_problem_that_says_to_quote_it(self, value: object) -> None:
        assert Substitution.of({"a": value}).problems == ("postBuild.substitute.a is not text; quote it",)


def test_nothing_is_substituted_without_a_variable_unless_asked_for() -> None:
    assert not Substitution.of({}).runs
    assert not Substitution.of({}, [Source("ConfigMap empty")]).runs
    assert Substitution.of({"a": ""}).runs
    assert Substitution.of({}, strategy=Strategy.ALWAYS).runs
