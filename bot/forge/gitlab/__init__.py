"""GitLab: `webhooks` and `settings` are light; everything else loads the client and belongs to the worker."""
