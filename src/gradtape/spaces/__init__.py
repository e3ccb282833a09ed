"""Namespaces that rules run in."""
