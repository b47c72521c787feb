# There is nothing here
# but comments.
