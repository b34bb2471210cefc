"""Asking through the Model Context Protocol: the same door for programs that hold a model."""
