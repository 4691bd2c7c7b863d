"""Reading repositories with the `git` program: revisions, trees, merges, the user's working tree, and mirrors."""
