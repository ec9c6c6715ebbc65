"""What git says about who wrote each line; runs where git is, and knows no OpenTelemetry."""
