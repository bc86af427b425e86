"""A local RTZR to talk to when there is none: it serves tokens and streams, and recognises by listening."""
