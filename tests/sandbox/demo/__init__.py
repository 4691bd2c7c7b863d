"""The demo: the whole loop on one machine, with real parts, told to somebody who watches."""
