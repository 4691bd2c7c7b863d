"""What counts as a right answer, and how memory is measured."""

import os
import sys
from collections import Counter
from pathlib import Path

import pytest

from bench.flux.footprint import peak_mib
from bench.flux.measure import check
from bench.flux.peers import directories
from bench.flux.repo import Change
from bench.measure import WrongResult

PARENT = """
import subprocess, sys, time
subprocess.run([sys.executable, "-c", "import time; kept = bytearray(64 << 20); time.sleep(0.6)"], check=True)
"""


def test_a_plan_that_misses_one_release_counts_for_nothing() -> None:
    right = Counter(
        {"kustomize changed": 1, "kustomize unchanged": 249, "helm changed": 1, "helm unchanged": 169}
    )
    check(right, Change.SCOPED)
    for wrong in (Change.NOTHING, Change.EVERYTHING):
        with pytest.raises(WrongResult):
            check(right, wrong)
    with pytest.raises(WrongResult):
        check(right - Counter({"helm unchanged": 1}) + Counter({"helm unknown": 1}), Change.SCOPED)


def test_memory_of_what_a_program_starts_counts() -> None:
    assert peak_mib([sys.executable, "-c", PARENT], os.environ) > 64


def test_a_component_is_built_by_no_one_alone(tmp_path: Path) -> None:
    for name, kind in (("one", "Kustomization"), ("two", "Component")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "kustomization.yaml").write_text(f"kind: {kind}\n")
    assert directories(tmp_path) == [tmp_path / "one"]
