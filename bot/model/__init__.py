"""The nouns: frozen data every room shares, with no I/O and no library behind it."""
