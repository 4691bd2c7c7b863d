"""What is written first, and what is deleted first."""

from hypothesis import given
from hypothesis import strategies as st

from bot.kube.order import apply_batches, delete_waves, in_apply_order, rank, stage
from bot.model.objects import ObjectId


def named(kind: str, group: str = "", name: str = "x") -> ObjectId:
    return ObjectId(group, kind, "", name)


def test_definitions_come_first_then_classes_then_the_rest() -> None:
    kinds = ["Deployment", "IngressClass", "Namespace", "Widget", "CustomResourceDefinition", "ClusterRole"]
    ordered = [i.kind for i in in_apply_order(named(k) for k in kinds)]
    assert ordered == [
        "CustomResourceDefinition",
        "Namespace",
        "ClusterRole",
        "IngressClass",
        "Deployment",
        "Widget",
    ]
    assert [stage(named(k)) for k in ordered] == [0, 0, 0, 1, 2, 2]


def test_what_may_refuse_others_comes_last() -> None:
    ordered = in_apply_order(
        named(k) for k in ["ValidatingWebhookConfiguration", "Widget", "MutatingWebhookConfiguration"]
    )
    assert [i.kind for i in ordered] == [
        "Widget",
        "MutatingWebhookConfiguration",
        "ValidatingWebhookConfiguration",
    ]


def test_what_pods_need_is_there_before_them() -> None:
    ordered = [
        i.kind
        for i in in_apply_order(named(k) for k in ["Deployment", "Secret", "ConfigMap", "ServiceAccount"])
    ]
    assert ordered == ["ServiceAccount", "ConfigMap", "Secret", "Deployment"]


def test_a_crd_is_deleted_after_its_custom_resources_are_gone() -> None:
    waves = delete_waves(
        [named("CustomResourceDefinition"), named("Widget"), named("Namespace"), named("Deployment")]
    )
    assert [[i.kind for i in wave] for wave in waves] == [
        ["Widget", "Deployment"],
        ["Namespace", "CustomResourceDefinition"],
    ]


KINDS = st.sampled_from(["Namespace", "ConfigMap", "Widget", "Deployment", "StorageClass", "Role"])
IDS = st.lists(st.builds(named, KINDS, st.just(""), st.text("ab", min_size=1, max_size=3)), unique=True)


@given(IDS)
def test_batches_keep_order_and_lose_nothing(ids: list[ObjectId]) -> None:
    batches = apply_batches(ids)
    assert [i for batch in batches for i in batch] == in_apply_order(ids)
    assert all(len({rank(i) for i in batch}) == 1 for batch in batches)
    assert sorted(i for wave in delete_waves(ids) for i in wave) == sorted(ids)
