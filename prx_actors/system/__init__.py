"""What the kernel offers, through cffi: constants, limits, pidfds."""
