"""The public REST API: who is asking, what may they see, and on to the workflow."""
