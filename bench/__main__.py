"""`python -m bench`: the figures that the project promises."""

from bench.ask import main

main()
