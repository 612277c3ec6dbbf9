"""What happens in the imitated Zoom, whoever causes it: API, SDK, a page or the controls."""
