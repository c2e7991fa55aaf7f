"""Servers on this machine that speak the protocols of public services, and break when they are told to."""
