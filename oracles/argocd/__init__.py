"""What we find and render, against Argo CD's own controllers."""
