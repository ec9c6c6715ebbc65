"""The demo: the lay-out of the shop's history, the load, the story."""
