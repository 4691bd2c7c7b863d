"""What we find and render, against Flux's own controllers."""
