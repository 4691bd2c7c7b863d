"""What is said of sets whose Applications Argo CD does not keep as they are generated."""

import pytest

from tests.render.applicationset.sets import application_set, made

LABELLED = """
metadata: {name: '{{name}}', labels: {env: '{{env}}'}}
spec: {project: default, destination: {}}
"""
STEPWISE = "step by step"
ELEMENTS = "[{list: {elements: [{name: a, env: dev}, {name: b, env: prod}]}}]"


def strategy(*steps: str) -> str:
    return f"strategy: {{type: RollingSync, rollingSync: {{steps: [{', '.join(steps)}]}}}}"


def step(key: str, operator: str, *values: str, more: str = "") -> str:
    wanted = f"{{key: {key}, operator: {operator}, values: [{', '.join(values)}]}}"
    return f"{{matchExpressions: [{wanted}]{more}}}"


async def said(more: str) -> list[str]:
    found = await made(application_set(ELEMENTS, template=LABELLED, more=more))
    return [each.message for each in found.remarks]


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ("syncPolicy: {applicationsSync: create-only}", ["neither changes nor deletes"]),
        ("syncPolicy: {applicationsSync: create-update}", ["does not delete"]),
        ("syncPolicy: {applicationsSync: create-delete}", ["does not change"]),
        ("syncPolicy: {applicationsSync: sync}", []),
        ("ignoreApplicationDifferences: [{jsonPointers: [/spec/source]}]", ["leaves alone"]),
        ("strategy: {type: AllAtOnce}", []),
        ("strategy: {type: Nonsense}", ["must be AllAtOnce or RollingSync"]),
        ("strategy: {type: RollingSync}", ["must be AllAtOnce or RollingSync"]),
        (strategy(step("env", "In", "dev"), step("env", "In", "prod", more=", maxUpdate: 10%")), [STEPWISE]),
        (strategy(step("env", "In", "dev")), [STEPWISE, "selects b: a rolling sync never gets there"]),
        (strategy(step("env", "NotIn", "dev"), step("none", "NotIn", "x")), [STEPWISE, "More than one step"]),
        (
            strategy(step("env", "Exists"), step("env", "In", "dev", "prod", more=", maxUpdate: some")),
            [STEPWISE, "Step 1 of spec.strategy selects by an operator", "maxUpdate of step 2"],
        ),
        (strategy("{}"), [STEPWISE]),
        (strategy(step("none", "In", "x")), [STEPWISE, "selects a, b: a rolling sync"]),
    ],
)
async def test_what_argo_cd_does_not_do_is_said(more: str, expected: list[str]) -> None:
    found = await said(more)
    assert len(found) == len(expected)
    assert all(words in message for words, message in zip(expected, found, strict=True))
