"""The hand that sets the scene."""
