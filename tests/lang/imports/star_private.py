one = 1
_two = 2
