"""Everything that crosses the border with the slot app: a distribution of its own."""
