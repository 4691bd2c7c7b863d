"""How a target is delivered: by us (`direct`), or by a controller in the cluster."""
