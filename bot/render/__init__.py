"""Targets to objects: what a target reads, whether anything in that changed, and what it renders to."""

from bot.render.fields import KUSTOMIZATION_FILES
from bot.render.key import content_key
from bot.render.references import References, directories, references
from bot.render.render import render
from bot.render.sandbox import Sandbox
from bot.render.trace import trace

__all__ = [
    "KUSTOMIZATION_FILES",
    "References",
    "Sandbox",
    "content_key",
    "directories",
    "references",
    "render",
    "trace",
]
