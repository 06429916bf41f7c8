"""Content filters, one a module. A module dropped in here is found and registered."""
