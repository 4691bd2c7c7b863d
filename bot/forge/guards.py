"""What a forge's own rules ask for before something is merged or delivered, in words every forge has.

The invariant: a rule that could not be read is not a rule that is met; where a forge has no such thing, or the
credentials may not read it, the answer says nothing is required, and `Capabilities` has that this is not known.
"""

from dataclasses import dataclass

from bot.model.repo import Actor


@dataclass(frozen=True, slots=True)
class ApprovalRule:
    """`needed` approvals by those whom the rule names, of which `given` are there."""

    name: str
    needed: int
    given: tuple[Actor, ...] = ()

    @property
    def missing(self) -> int:
        return max(self.needed - len(self.given), 0)


@dataclass(frozen=True, slots=True)
class Approvals:
    """Who approved a pull request as it is now, and the rules that ask for it."""

    given: tuple[Actor, ...] = ()
    rules: tuple[ApprovalRule, ...] = ()

    @property
    def missing(self) -> int:
        """By the rule that lacks most; one approval may count for several."""
        return max((rule.missing for rule in self.rules), default=0)


@dataclass(frozen=True, slots=True)
class BranchRules:
    """What is asked of whoever changes a branch. `checks` are names; `("*",)` where all that run have to pass."""

    is_protected: bool = False
    allows_force_push: bool = True
    approvals: int = 0
    needs_code_owners: bool = False
    checks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class EnvironmentRules:
    """What is asked of whoever deploys to an environment; `deployers` are the names of users, groups and roles."""

    name: str
    approvals: int = 0
    deployers: tuple[str, ...] = ()
