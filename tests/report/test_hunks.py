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


def test_what_reads_the_same_is_told_apart() -> None:
    assert shown(FieldChange("spec.port", FieldOp.REPLACE, old=8080, new="8080")) == [
        "@spec.port", "-8080", '+"8080"',
    ]  # fmt: skip
    assert shown(FieldChange("data.a", FieldOp.REPLACE, old="a\nb", new="a\nb\n")) == [
        "@data.a", "…only the line ends at the end of the text differ",
    ]  # fmt: skip


def test_a_text_that_reads_as_something_else_stands_in_quotes() -> None:
    assert shown(FieldChange("spec.prune", FieldOp.REPLACE, old=True, new="yes")) == [
        "@spec.prune", "-true", '+"yes"',
    ]  # fmt: skip
    field = FieldChange("data", FieldOp.ADD, new={"a": "8080", "b": 8080, "c": "on a\nb", "d": "1.2.3"})
    assert shown(field, action=Action.ADDED) == [
        "+data:", '+  a: "8080"', "+  b: 8080", "+  c: |", "+    on a", "+    b", "+  d: 1.2.3",
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


def test_what_a_long_text_has_in_common_at_both_ends_is_not_in_the_way() -> None:
    old = "".join(f"{i}\n" for i in range(5000))
    assert shown(FieldChange("data.a", FieldOp.REPLACE, old=old, new=old.replace("2500\n", ""))) == [
        "@data.a", " ⋯", " 2498", " 2499", "-2500", " 2501", " 2502",
    ]  # fmt: skip


def test_of_a_text_too_long_to_compare_the_lines_of_one_side_only_are_shown() -> None:
    middle = "".join(f"{i}\n" for i in range(5000))
    assert shown(FieldChange("data.a", FieldOp.REPLACE, old=f"a\n{middle}b", new=f"c\n{middle}d")) == [
        "@data.a", "…5,002 lines before, 5,002 after, too many to compare", "-a", "-b", "+c", "+d",
    ]  # fmt: skip
    assert shown(FieldChange("data.a", FieldOp.REPLACE, old=f"a\n{middle}b", new=f"b\n{middle}a"))[2:] == [
        "…the same lines in another order"
    ]


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


def test_of_an_endless_line_the_part_that_differs_is_shown() -> None:
    (_, old, new) = shown(
        FieldChange(
            "a", FieldOp.REPLACE, old="x" * 900 + "old" + "y" * 900, new="x" * 900 + "new" + "y" * 900
        )
    )
    assert old.startswith("-…xxx")
    assert "xxxoldyyy" in old
    assert "xxxnewyyy" in new
    assert max(len(old), len(new)) < MAX_LINE_CHARS + 40


def test_an_endless_line_is_cut() -> None:
    (_, line) = shown(FieldChange("a", FieldOp.ADD, new="x" * 9999))
    assert len(line) < MAX_LINE_CHARS + 40
    assert "9999 characters" in line
