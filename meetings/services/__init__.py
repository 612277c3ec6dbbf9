"""Workflows: one module per subject, one verb each."""
