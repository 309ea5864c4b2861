import pkg.sibling2
