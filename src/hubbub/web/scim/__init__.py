"""SCIM 2.0 (RFC 7643 and 7644), by which providers say who is here and in which groups."""
