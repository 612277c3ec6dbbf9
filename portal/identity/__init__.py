"""How people show who they are, beyond the password: second factors, and identity providers."""
