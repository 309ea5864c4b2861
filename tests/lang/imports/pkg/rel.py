from .m import q
