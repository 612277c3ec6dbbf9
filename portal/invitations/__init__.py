"""How people are invited into an organization, and how they come in."""
