"""The forges, behind one protocol: what Longshore asks of each, in its own nouns.

Importing this package loads no client library: the web process verifies webhooks with it and stays light.
"""
