"""Orders, prices and shipping for a small shop."""
