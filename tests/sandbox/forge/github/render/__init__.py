"""Records of the core as GitHub's JSON. Pure functions; the official description judges every one of them."""
