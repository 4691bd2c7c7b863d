from bot.model.objects import ObjectId
from bot.model.plan import Action, FieldChange, FieldOp, ObjectChange
from bot.report.hunks import MAX_LINE_CHARS, Bounds, lines

ALL = Bounds(1000, 1000)


def shown(*fields: FieldChange, bounds: Bounds = ALL, action: Action = Action.CHANGED) -> list[str]:
    change = ObjectChange(action, ObjectId("", "ConfigMap", "shop", "web"), "v1", fields)
    return [f"{line.sign}{line.text}" for line in lines(change, bounds)]


def test_a_scalar_is_shown_before_and_after() -> None:
    assert shown(FieldChange("spec.paused", FieldOp.REPLACE, old=False, new=None)) == [
        "@spec.paused", "-false", "+null",
    ]  # fmt: skip


def test_a_text_is_shown_by_the_lines_that_differ() -> None:
    old = "".join(f"{i}\n" for i in range(100))
    assert shown(FieldChange("data.a", FieldOp.REPLACE, old=old, new=old.replace("50\n", "fifty\n"))) == [
        "@data.a", " ⋯", " 48", " 49", "-50", "+fifty", " 51", " 52",
    ]  # fmt: skip


def test_a_subtree_is_shown_as_people_write_it() -> None:
    value = {"ports": [{"port": 80}], "none": {}, "text": "a\nb", "empty": "", "list": [1, True, "x"]}
    assert shown(FieldChange("spec", FieldOp.ADD, new=value)) == [
        "@spec",
        "+ports:", "+  - port: 80", "+none: {}", "+text: |", "+  a", "+  b", '+empty: ""', "+list:", "+  - 1",
        "+  - true", "+  - x",
    ]  # fmt: skip


def test_a_new_object_is_shown_like_its_manifest() -> None:
    field = FieldChange("data", FieldOp.ADD, new={"k": "v"})
    assert shown(field, action=Action.ADDED) == ["+data:", "+  k: v"]


def test_a_text_too_long_to_compare_is_summed_up() -> None:
    old = "x\n" * 5000
    assert shown(FieldChange("data.a", FieldOp.REPLACE, old=old, new=old + "y")) == [
        "@data.a", "-(5000 lines)", "+(5001 lines)",
    ]  # fmt: skip


def test_what_is_left_out_is_said() -> None:
    fields = tuple(FieldChange(f"data.k{i}", FieldOp.REPLACE, old=1, new=2) for i in range(10))
    assert shown(*fields, bounds=Bounds(5, 7)) == [
        "@data.k0", "-1", "+2", "@data.k1", "-1", "+2", "…8 more fields",
    ]  # fmt: skip
    assert shown(FieldChange("a", FieldOp.ADD, new="1\n2\n3\n4"), bounds=Bounds(2, 9)) == [
        "@a", "+1", "+2", "…more lines",
    ]  # fmt: skip
    assert shown(FieldChange("", FieldOp.REPLACE, new="<left out: 7 more fields>")) == [
        "…<left out: 7 more fields>"
    ]


def test_an_endless_line_is_cut() -> None:
    (_, line) = shown(FieldChange("a", FieldOp.ADD, new="x" * 9999))
    assert len(line) < MAX_LINE_CHARS + 40
    assert "9999 characters" in line
