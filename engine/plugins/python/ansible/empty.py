"""A folder of plugins."""
