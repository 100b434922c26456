"""The connectors as tools of a Model Context Protocol server, for one person; needs the extra `mcp`."""
