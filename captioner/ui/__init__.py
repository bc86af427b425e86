"""The window: Qt, fed with values."""
