"""What Grafana reads: a module per dashboard in `boards/`, the parts they share, and alerts."""
