"""Records who writes which lines, while they are written, and says so in the notes of commits."""
