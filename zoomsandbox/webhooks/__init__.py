"""What Zoom tells others: events, their delivery, and the handshake with an endpoint."""
