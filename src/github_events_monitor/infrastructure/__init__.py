"""Databases, and the service that answers from them."""
