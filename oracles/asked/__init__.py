"""Generators that ask a forge: Argo CD's own ApplicationSet controller and we, on the same strict stand-ins."""
