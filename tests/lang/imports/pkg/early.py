import pkg
print('early sees', hasattr(pkg, 'value'), hasattr(pkg, 'm'), __name__, __package__)
