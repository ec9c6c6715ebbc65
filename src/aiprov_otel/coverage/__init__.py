"""What tests executed: one file per format of coverage."""
