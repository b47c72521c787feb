import warnings


def old_way():
    warnings.warn("the old way will go", UserWarning, stacklevel=2)


def hidden():
    warnings.warn("told where it stands", FutureWarning)
    warnings.warn("nothing to see", DeprecationWarning)
