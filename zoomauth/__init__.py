"""Everything that knows Zoom. Knows nothing of meetings; other apps call `zoomauth.services`."""
