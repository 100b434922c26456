"""connect.js, used by a frontend of another site."""
