"""Hosts, meetings, the pages people see and the API integrators use."""
