"""Planning a repository of ApplicationSets."""
