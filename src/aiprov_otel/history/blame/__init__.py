"""Which commit wrote each line, and where the line stood then."""
