"""`python -m bot.cli`: how `longshore run` starts its children, whatever the program is called on PATH."""

from bot.cli import main

main(prog_name="longshore")
