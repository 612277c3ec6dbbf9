"""What templates say of meetings."""
