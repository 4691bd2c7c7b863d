"""Our renderings against Flux's own controllers, which apply generated repositories to a real control plane."""
