"""What a Flux repository delivers, found to the fixpoint."""
