"""Verdicts: what a change must not do, said with file, field and way out. Pure, and without a say in what follows."""
