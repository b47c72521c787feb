"""The options of surefoot: declared once, read from every source, documented from the declaration.

`settings` declares, `resolve` reads, `helptext` and `docs` describe. Imports no behave and
neither click nor argparse: this room runs before anything else, so it has to load fast.
"""
