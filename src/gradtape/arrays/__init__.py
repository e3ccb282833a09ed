"""Values the user holds, the doors in and out of them, and the one place where an operation runs."""
