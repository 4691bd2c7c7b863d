"""Renders Helm releases as Flux does: chart, values, `helm template` in the sandbox, post-renderers, labels."""
