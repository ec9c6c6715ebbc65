"""Build hooks that put the manifest into a package: one file per build back end."""
