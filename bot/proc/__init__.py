"""The only room that starts programs: with a limit on everything, no shell, and a sandbox where one is asked for."""
