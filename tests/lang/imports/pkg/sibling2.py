import pkg.sibling
pkg.sibling.foo
