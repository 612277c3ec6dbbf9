"""The REST API: the same access rules and services as the pages, and a serializer."""
