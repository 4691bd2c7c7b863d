"""From what a repository holds to targets. Pure functions over data: who reads and renders is `planning`."""
