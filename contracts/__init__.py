"""Wire types shared by the services: frozen values, no behaviour, no I/O."""
