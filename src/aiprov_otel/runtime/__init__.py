"""What runs in the service: reads the manifest, annotates telemetry, never raises into it."""
