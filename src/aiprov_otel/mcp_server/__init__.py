"""The answers of the command line for bots and coding agents, over the Model Context Protocol."""
