"""What a backend imports: rules, queries, configuration and dashboards, as files."""
