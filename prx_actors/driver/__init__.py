"""The driver, its wire format, the channels to it and the reactor that polls them."""
