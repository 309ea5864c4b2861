from .. import value
from ..m import z as zed
from . import deep
