"""A stack trace that was printed: found in its text, each frame with who wrote its line."""
