"""The loops: each a step that reads what is, closes the distance to what should be, and returns."""
