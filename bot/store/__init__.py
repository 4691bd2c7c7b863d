"""The queue's store: a Redis or Valkey, ours or the operator's, that remembers what to look at next.

The one room that imports redis and arq. Everything in here may be flushed at any moment: the sweep finds what is open.
NB: the scripts compute key names, so Redis Cluster is not supported; a primary with replicas is.
"""
