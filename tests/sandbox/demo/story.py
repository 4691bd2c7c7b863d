"""The story: a pull request is planned, merged and delivered; then an app is removed.

Invariant: every chapter looks at the world itself and fails when it is not as told.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial

from bot.aio import cancel_all
from tests.sandbox.demo.clusters import NAMES, Sight
from tests.sandbox.demo.narrator import DemoFailed
from tests.sandbox.demo.setting import PERSON, Setting
from tests.sandbox.demo.watcher import Watcher
from tests.sandbox.forge import StandInGitHub
from tests.sandbox.forge.core.conversations import Comment, Pull
from tests.stories.sight import Verdict

PLAN_CHECK, DELIVER_CHECK = "longshore/plan", "longshore/deliver"
PLAN_TIMEOUT_S = 60.0
CLUSTER_TIMEOUT_S = 120.0
DELIVERY_TIMEOUT_S = 150.0
WEB = "apps/base/web/deployment.yaml"
PRODUCTION = "apps/overlays/production/kustomization.yaml"


@dataclass(slots=True)
class Story:
    setting: Setting
    watchers: dict[str, Watcher] = field(default_factory=dict)

    async def tell(self) -> None:
        pull = await self._propose()
        comment = await self._planned(pull)
        async with self._clusters_opening() as opening:
            await self._revise(pull, comment)
            async with self._clusters_watched(opening):
                await self._first_delivery()
                await self._merge(pull)
                self._expect_release()
                await self._remove_newsletter()
                self._expect_no_newsletter()

    @property
    def _kind(self) -> str:
        return "pull request" if isinstance(self.setting.forge, StandInGitHub) else "merge request"

    @property
    def _sign(self) -> str:
        return "#" if isinstance(self.setting.forge, StandInGitHub) else "!"

    # The chapters

    async def _propose(self) -> Pull:
        setting, checkout, narrator = self.setting, self.setting.checkout, self.setting.narrator
        narrator.chapter("A pull request gets its plan")
        await checkout.start(setting.push_url)
        narrator.say("pushed the shop's fleet to main: clusters/, infrastructure/, apps/, .longshore.yaml")
        await checkout.branch("web-1.5")
        checkout.edit(WEB, "shop/web:1.4.0", "shop/web:1.5.0")
        checkout.edit(PRODUCTION, "count: 3", "count: 4")
        await checkout.commit("web 1.5.0, and one more of them in production")
        await checkout.push("web-1.5")
        narrator.say(f"{PERSON} pushed a branch: a new image for staging, one replica more for production")
        pull = await setting.forge.open_pull(
            setting.repository, "web-1.5", "web 1.5.0, and one more of them in production", author=PERSON
        )
        narrator.look(f"{self._kind} {self._sign}{pull.number}: {setting.forge.page_url(pull)}")
        narrator.say(
            "See that each cluster gets something else, that nothing else is touched, and that no cluster is up:"
        )
        return pull

    async def _planned(self, pull: Pull, before: str = "") -> Comment:
        """Show check and comment about the pull request's newest commit. `before` is what the comment said until now."""
        narrator = self.setting.narrator
        run = await self._concluded(pull.head_sha, PLAN_CHECK, PLAN_TIMEOUT_S)
        comment = await narrator.until(
            "the plan comment", partial(self._comment, pull, before), PLAN_TIMEOUT_S
        )
        narrator.quote(f"comment by {comment.author.login}, as posted:", comment.body)
        self._tell_check(pull.head_sha, run)
        return comment

    async def _revise(self, pull: Pull, comment: Comment) -> None:
        checkout, narrator = self.setting.checkout, self.setting.narrator
        narrator.chapter("A second commit: the same comment, edited in place")
        checkout.edit(PRODUCTION, "newTag: 1.3.2", "newTag: 1.4.0")
        checkout.edit("apps/base/api/kustomization.yaml", "not-a-real-password", "not-a-real-password-either")
        await checkout.commit("web 1.4.0 for production; another password for the database")
        await checkout.push("web-1.5")
        narrator.say(
            "pushed: the image for production, and a new password. See that it is shown, and masked:"
        )
        await self._planned(pull, comment.body)
        if self.setting.forge.remarks(pull) != [comment]:
            raise DemoFailed("the plan comment was not edited in place")
        if "not-a-real-password" in comment.body:
            raise DemoFailed("a password stands in the plan comment")

    @asynccontextmanager
    async def _clusters_opening(self) -> AsyncIterator[asyncio.Task[None]]:
        """The clusters come up beside the story, and no sooner than a plan was shown: planning needs none."""
        self.setting.narrator.say("two control planes are started now, beside what follows")
        opening = asyncio.create_task(self._open_clusters(), name="open clusters")
        try:
            yield opening
        finally:
            await cancel_all([opening])

    async def _open_clusters(self) -> None:
        if await self.setting.plane.process.wait() == 0:
            await self.setting.clusters.start()

    @asynccontextmanager
    async def _clusters_watched(self, opening: asyncio.Task[None]) -> AsyncIterator[None]:
        """Wait for the clusters; then tell what moves in them for as long as the story goes on."""
        setting, narrator = self.setting, self.setting.narrator
        narrator.chapter("The clusters are there, and get what main declares")
        await setting.plane.done(narrator)
        await narrator.until("two control planes", partial(_ended, opening), CLUSTER_TIMEOUT_S)
        for name, cluster in sorted(setting.clusters.all.items()):
            narrator.look(f"{name}: export KUBECONFIG={cluster.access.admin_kubeconfig}")
        narrator.say("Longshore's own kubeconfigs carry the rights of deploy/cluster-access, and no others.")
        self.watchers = {n: Watcher(narrator, c) for n, c in setting.clusters.all.items()}
        watching = [asyncio.create_task(w.watch(), name=f"watch {n}") for n, w in self.watchers.items()]
        try:
            yield
            for task in watching:
                if task.done():
                    task.result()
        finally:
            await cancel_all(watching)

    async def _first_delivery(self) -> None:
        """The bot has found main before the clusters were there; it is told that they are."""
        forge, narrator = self.setting.forge, self.setting.narrator
        sha = await forge.head(self.setting.repository)
        early = await narrator.until(
            "a first word on main", partial(self._run, sha, DELIVER_CHECK), PLAN_TIMEOUT_S
        )
        self._tell_check(sha, early)
        if isinstance(forge, StandInGitHub) and early.run is not None:
            forge.rerequest(early.run, author=PERSON)
            narrator.say(f"{PERSON} presses Re-run on that check.")
        else:
            narrator.say("Longshore's sweep comes by.")
        narrator.say("See that apps come after the infrastructure they need:")
        self._tell_check(sha, await self._concluded(sha, DELIVER_CHECK, DELIVERY_TIMEOUT_S, is_patient=True))

    async def _merge(self, pull: Pull) -> None:
        self.setting.narrator.chapter("Merged: delivered to both clusters, and reported")
        await self._merged(pull)

    async def _merged(self, pull: Pull) -> None:
        """Merge, watch it arrive, and show what was said about it."""
        setting, narrator = self.setting, self.setting.narrator
        sha = await setting.forge.merge_pull(pull, author=PERSON)
        narrator.say(f"{PERSON} merged {self._kind} {self._sign}{pull.number} as {sha[:7]}")
        run = await self._concluded(sha, DELIVER_CHECK, DELIVERY_TIMEOUT_S)
        report = await narrator.until(
            "the report on the pull request", partial(self._report, pull), PLAN_TIMEOUT_S
        )
        for watcher in self.watchers.values():
            await watcher.look()
        narrator.quote(f"comment by {report.author.login} on {self._sign}{pull.number}:", report.body)
        self._tell_check(sha, run)
        for name in NAMES:
            what = f"{name}'s deployment status"
            state = await narrator.until(what, partial(self._deployed, sha, name), PLAN_TIMEOUT_S)
            narrator.say(f"deployment to {name}: {state}")

    async def _remove_newsletter(self) -> None:
        setting, checkout, narrator = self.setting, self.setting.checkout, self.setting.narrator
        narrator.chapter("An app is removed: planned, merged, pruned")
        await checkout.branch("no-newsletter")
        checkout.remove("apps/base/newsletter")
        checkout.edit("apps/base/kustomization.yaml", "  - newsletter\n", "")
        await checkout.commit("Nobody reads the newsletter")
        await checkout.push("no-newsletter")
        pull = await setting.forge.open_pull(
            setting.repository, "no-newsletter", "Nobody reads the newsletter", author=PERSON
        )
        narrator.look(f"{self._kind} {self._sign}{pull.number}: {setting.forge.page_url(pull)}")
        await self._planned(pull)
        await self._merged(pull)

    # What must be so

    def _expect_release(self) -> None:
        for name, image in {"staging": "shop/web:1.5.0, 1/1", "production": "shop/web:1.4.0, 4/4"}.items():
            seen = self.watchers[name].last.get("Deployment web")
            if seen is None or not seen.note.startswith(image):
                raise DemoFailed(f"{name} does not run {image}, but {seen}")

    def _expect_no_newsletter(self) -> None:
        for name in NAMES:
            left = [thing for thing in self._sight(name) if "newsletter" in thing]
            if left:
                raise DemoFailed(f"{name} still has {', '.join(left)}")
            if "Deployment web" not in self._sight(name):
                raise DemoFailed(f"{name} lost more than the newsletter")
        self.setting.narrator.say("no object of the newsletter is left in either cluster; all others are")

    def _sight(self, name: str) -> Sight:
        return self.watchers[name].last

    # Looking at the forge

    async def _concluded(self, sha: str, name: str, timeout_s: float, *, is_patient: bool = False) -> Verdict:
        """The check run once all is well. Any other end is the story's, unless it was there before and may change."""

        async def look() -> Verdict | None:
            run = await self._run(sha, name)
            if run is None or run.conclusion is None:
                return None
            if run.conclusion in {"success", "neutral"}:
                return run
            if is_patient:
                return None
            summary = (run.run.summary if run.run else None) or ""
            raise DemoFailed(f"{name} on {sha[:7]} is {run.conclusion}: {run.title}\n{summary}")

        return await self.setting.narrator.until(f"{name} on {sha[:7]}", look, timeout_s)

    async def _run(self, sha: str, name: str) -> Verdict | None:
        """The newest of that name."""
        runs = self.setting.sight.verdicts(self.setting.repository, sha)
        return next((run for run in reversed(runs) if run.name == name), None)

    def _tell_check(self, sha: str, run: Verdict) -> None:
        what = "check run" if run.run else "commit status"
        state = run.conclusion or "under way"
        self.setting.narrator.say(f"{what} {run.name} on {sha[:7]}: {state}: {run.title}")

    async def _comment(self, pull: Pull, before: str) -> Comment | None:
        """The bot's first comment, once it says something else than before."""
        remarks = self.setting.forge.remarks(pull)
        return remarks[0] if remarks and remarks[0].body != before else None

    async def _report(self, pull: Pull) -> Comment | None:
        """The delivery's comment: the bot's second one."""
        remarks = self.setting.forge.remarks(pull)
        return remarks[1] if len(remarks) > 1 else None

    async def _deployed(self, sha: str, environment: str) -> str | None:
        """Its last state, once that is final."""
        for deployment in reversed(self.setting.repository.deployments):
            if (deployment.sha, deployment.environment) == (sha, environment):
                last = deployment.statuses[-1] if deployment.statuses else None
                if last is not None and last.state == "success":
                    return f"{last.state} ({last.description})" if last.description else last.state
        return None


async def _ended(task: asyncio.Task[None]) -> bool | None:
    """None while it runs. Raises what it raised."""
    if not task.done():
        return None
    task.result()
    return True
