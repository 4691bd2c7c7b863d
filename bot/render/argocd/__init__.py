"""Argo CD's repo-server: what it makes of a source before kustomize or Helm see it, and of their output after."""
