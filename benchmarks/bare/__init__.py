"""The least that a portal of one's own would be: sign-in, session, and the same call to Zoom."""
