"""What both the routes and the judge of the routes know of GitHub's way to write paths."""

# Parameters that swallow slashes: a branch `feature/x`, a file `a/b.yaml`.
GREEDY = frozenset({"path", "ref", "basehead", "branch", "environment_name"})
