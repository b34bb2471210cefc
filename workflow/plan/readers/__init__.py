"""Readers: each looks for one kind of thing in a question, claims its words, returns its parts."""
