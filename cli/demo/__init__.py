"""The demo: every service on this machine, under one supervisor."""
