"""The report for people: in a terminal, as Markdown and as one HTML page."""
