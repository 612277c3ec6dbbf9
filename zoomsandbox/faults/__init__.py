"""Planted failures."""
