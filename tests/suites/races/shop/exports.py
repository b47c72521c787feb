"""Files with a name that nobody else has; once looked for first, once made at once."""

import os


class Exports:
    def __init__(self, directory):
        self.directory = directory
        self.written = []

    def write(self):
        number = 0
        while os.path.exists(self.path(number)):
            number += 1
        with open(self.path(number), "w") as file:
            file.write("x")
        self.written.append(number)

    def path(self, number):
        return os.path.join(self.directory, f"export-{number}")


class SafeExports(Exports):
    def write(self):
        number = 0
        while True:
            try:
                with open(self.path(number), "x") as file:
                    file.write("x")
                break
            except FileExistsError:
                number += 1
        self.written.append(number)
