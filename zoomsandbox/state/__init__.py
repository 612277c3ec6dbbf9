"""What the sandbox remembers: data and its invariants, no behaviour of Zoom's."""
