from pkg.ca import j
