"""Git as far as provenance needs it: the repository, its objects, refs and remotes."""
