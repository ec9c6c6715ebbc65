"""The import hook: what happens to the modules of the packages that were named, as they load."""
