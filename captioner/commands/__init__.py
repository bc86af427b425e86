"""What the command line does, one module a command; `captioner.cli` reads the arguments."""
