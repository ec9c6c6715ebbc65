"""Before production: what tests left out, what a change adds, and what failed there before."""
