"""The outermost package: command line, sandbox and demo. Nothing imports it."""
