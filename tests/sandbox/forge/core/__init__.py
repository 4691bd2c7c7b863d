"""What every forge has: repositories, people, conversations, hooks. Knows nothing of any vendor's JSON."""
