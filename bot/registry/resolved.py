"""What a chart was resolved to, and which version the cluster will know it by."""

import re
from dataclasses import dataclass

from bot.model.release import Chart
from bot.model.semver import BadVersion, parse_version
from bot.registry.errors import Corrupt

_SHORT = 12


@dataclass(frozen=True, slots=True)
class ResolvedChart:
    """`chart` as it was asked for, and what it is today.

    `version` is exact: as the index has it, or the tag with `+` for `_`; empty where only a digest is known. `digest` is
    the sha256 of the archive, which lies at `url` (for `OCI` the repository; `TAG@sha256:...` or `sha256:...` in
    `revision` then name the manifest, as an OCIRepository's status does). `replaced` is the digest that the same exact
    version had at the look before the last one, empty unless it was another: it is told for a day.
    """

    chart: Chart
    name: str
    version: str
    digest: str
    url: str
    revision: str = ""
    replaced: str = ""

    def version_in_cluster(self, version: str) -> str:
        """The version that Flux gives the chart before it renders, for the `version` in its Chart.yaml.

        A chart that an OCIRepository names gets the manifest's first twelve digits as build metadata, and must be of the
        version that its tag says. Raises `Corrupt` where Flux refuses.
        """
        if not self.chart.is_artifact:
            return version
        tag, _, digest = self.revision.rpartition("@")
        try:
            own = parse_version(version)
        except BadVersion:
            raise Corrupt(f"the chart's own version, {version[:80]!r}, is no version") from None
        if tag and _differs(tag, own.key):
            raise Corrupt(f"tag {tag} holds the chart in version {version}; Flux refuses that")
        plain = str(own).partition("+")[0]
        return f"{plain}+{digest.removeprefix('sha256:')[:_SHORT]}"


@dataclass(frozen=True, slots=True)
class ResolvedArtifact:
    """Files of a registry: `revision` as an OCIRepository's status has it, `digest` of the layer's archive."""

    url: str
    revision: str
    digest: str


def _differs(tag: str, key: object) -> bool:
    try:
        return parse_version(re.sub("_", "+", tag)).key != key
    except BadVersion:
        return False
