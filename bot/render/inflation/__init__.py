"""Charts that a kustomization inflates: Helm renders them beforehand, and kustomize finds files in their place."""
