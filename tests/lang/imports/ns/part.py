part = "of a namespace package"
