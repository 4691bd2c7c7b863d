"""Objects before and after: what is secret in them, what differs between them, where they went."""
