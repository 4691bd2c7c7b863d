"""The stand-in world: strict forges and a real control plane, used by the story tests and by the demo."""
