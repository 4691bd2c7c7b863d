"""Gitea itself: what we take it to answer, asked of the real one. `make oracles ARGS=gitea`."""
