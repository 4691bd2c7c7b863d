"""The process that accepts webhooks: verify, normalise, record, wake, answer. It holds no cluster credentials.

Nothing here may load code that talks to clusters, renders or decides; a test says so.
"""
