"""The process that works: takes keys from the queue, runs their steps, and settles how each run ended."""
