"""What puts the manifest into a package while a build back end makes it: one file a back end."""
