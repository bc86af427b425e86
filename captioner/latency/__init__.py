"""How long it took."""
