"""The embedded default: an OTLP receiver, a store and a report on one machine."""
