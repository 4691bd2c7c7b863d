"""The stand-in's second face: GitLab's REST API v4, its webhooks, and git as GitLab guards it."""
