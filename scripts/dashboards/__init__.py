"""
Generates the dashboards and alerts that are shipped in `aiprov_otel/backends/data`.

`alerts` describes each alert once, for Prometheus (`prometheus_alerts`) and Grafana
(`grafana.alerting`). `grafana.boards` has a module per dashboard; what they share is beside it:
queries of span metrics and of aiprov_otel's own, panels, links, variables.
"""
