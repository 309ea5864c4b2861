def __getattr__(name):
    if name.startswith('dynamic'): return name.upper()
    raise AttributeError(f'no {name} here')
def __dir__(): return ['b', 'a']
