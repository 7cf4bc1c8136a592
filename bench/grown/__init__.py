"""Many machines on one PostgreSQL, while they and it fail, and while one version follows the other."""
