"""Dashboards for Grafana, each made from one description."""
