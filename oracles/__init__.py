"""Our findings and renderings against the controllers' own, which get generated repositories and a real control plane.

One package for each whom we are held against; what they share lies here.
"""
