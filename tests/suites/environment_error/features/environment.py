raise OSError("the environment is not there")
