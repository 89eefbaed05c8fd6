"""yousu (有诉): from a 12345 hotline's export to routed tickets."""

__version__ = "0.1.0"
