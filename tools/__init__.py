"""What the project needs besides Python packages: pinned programs, built and fetched once per user."""
