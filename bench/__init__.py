"""How fast Longshore is, and how much faster than doing without it.

Invariant: ours and the peer's way are measured in one run, in turns, on the same data, so that a busy machine slows
both; the ratio decides, and a result that is wrong is an error, however quick.
"""
