"""Explore WebSocket services from a Jupyter notebook."""
