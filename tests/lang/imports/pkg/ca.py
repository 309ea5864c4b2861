from pkg.cb import k
