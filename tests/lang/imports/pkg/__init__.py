print('pkg begins')
__all__ = ['m', 'late']
value = 'of pkg'
from . import early
print('pkg ends')
