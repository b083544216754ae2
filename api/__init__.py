"""Speaks: HTTP, pages, command line, eval. The only wing that knows HTTP and JSON."""
