"""The part of Zoom the Web SDK talks to, and a stand-in for the SDK."""
