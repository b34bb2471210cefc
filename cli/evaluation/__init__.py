"""Asks the questions of a case file and judges the answers."""
