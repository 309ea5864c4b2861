import pkg.m
raise ValueError('in the body')
