"""What `captioner bench` measures, each a module with `measure` and `render`."""
