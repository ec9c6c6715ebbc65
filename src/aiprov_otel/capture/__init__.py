"""Records who writes which lines while they are written, and puts it into notes of the commits."""
