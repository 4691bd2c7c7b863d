"""What a report has to know besides the plan or the delivery itself."""

from dataclasses import dataclass

from bot.model.repo import RepoId, Sha


@dataclass(frozen=True, slots=True)
class PlanContext:
    """What surrounds a plan. Everything may be left out: `longshore plan` knows of no pull request.

    `base_sha` and `head_sha` are commits of the pull request; without them the plan's own sides are named.
    `is_queued`: others are merged before it, and `base_sha` holds them. `is_stale` says that the base has moved and
    that the plan is being made again.
    """

    head_sha: Sha | None = None
    base_sha: Sha | None = None
    base_ref: str = ""
    on_merge_result: bool = False
    is_draft: bool = False
    is_fork: bool = False
    is_queued: bool = False
    is_stale: bool = False
    duration_s: float | None = None
    details_url: str = ""


@dataclass(frozen=True, slots=True)
class DeliveryContext:
    """What surrounds a delivery: `before..revision` came in, with these pull requests.

    `pull_sign` is what the forge writes before the number of one (`#` or `!`). `surprises` are targets that
    were rendered otherwise than the newest of these pull requests' plan showed, `refused` sentences on deployments that
    the forge does not take from us.
    """

    repo: RepoId
    branch: str
    revision: Sha
    before: Sha | None = None
    pulls: tuple[int, ...] = ()
    pull_sign: str = "#"
    surprises: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()
    duration_s: float | None = None
    details_url: str = ""
