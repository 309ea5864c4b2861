import sys
class Self:
    answer = 42
    def __repr__(self): return '<replaced>'
sys.modules[__name__] = Self()
