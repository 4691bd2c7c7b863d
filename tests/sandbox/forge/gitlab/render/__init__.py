"""What GitLab's answers and webhooks look like: data in, JSON out."""
