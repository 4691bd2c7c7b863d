"""GitHub's face on the forge: its REST API v3, its Apps and checks, its webhooks, its refusals."""
