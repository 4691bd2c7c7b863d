"""Argo CD's Applications, to the fixpoint."""
