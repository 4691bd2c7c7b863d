"""From two trees to a plan: the only room that knows finding, rendering and comparing at once.

Finding and rendering alternate, because a Kustomization renders to Kustomizations. Cost follows the change: a target
whose content key is the same on both sides is neither rendered nor compared.
"""
