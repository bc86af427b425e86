"""The same sound through several ways, matched, scored and reported."""
