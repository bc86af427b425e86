"""What the command line does, one module a command; `options` is what each can be given."""
