"""Where sound comes from, and what shape it gets."""
