from ...pkg import m
where = __name__
