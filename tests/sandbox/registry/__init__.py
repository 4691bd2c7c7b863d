"""The stand-in for what charts and artifacts come from: a real registry, and a Helm repository that can misbehave."""
