"""Planning a Flux repository, side by side with those who do it too."""
