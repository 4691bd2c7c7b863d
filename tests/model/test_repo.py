"""A repository is one identity, however its name is written."""

from dataclasses import replace

from bot.model.repo import Actor, PullRequest, PullState, RepoId, Sha

PULL = PullRequest(
    RepoId("hub", "acme/fleet"),
    1,
    "A change",
    PullState.OPEN,
    draft=False,
    author=Actor("alice", 1),
    base_ref="main",
    base_sha=Sha("a" * 40),
    head_ref="change",
    head_sha=Sha("b" * 40),
    head_repo="Acme/Fleet",
    url="",
)


def test_the_case_of_a_path_makes_no_other_repository() -> None:
    assert RepoId.parse("hub:Acme/Fleet") == RepoId("hub", "acme/fleet")
    assert str(RepoId("hub", "Acme/Fleet")) == "hub:acme/fleet"


def test_a_pull_request_from_elsewhere_is_a_fork_and_so_is_one_whose_repository_is_gone() -> None:
    assert not PULL.is_fork
    assert replace(PULL, head_repo="eve/fleet").is_fork
    assert replace(PULL, head_repo=None).is_fork
