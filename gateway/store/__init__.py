"""The gateway's SQL, one module a table or two."""
