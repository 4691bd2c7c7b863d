"""Targets to objects: what a target reads, whether anything in that changed, and what it renders to."""
