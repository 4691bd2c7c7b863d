"""What happened, in words: for a comment, a check, a deployment, a terminal, and as JSON.

`terminal` and `plan_json` load no template engine; everything that needs one loads it when it is first used.
"""
