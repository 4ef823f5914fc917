"""The command line: thin, it composes the rooms."""
