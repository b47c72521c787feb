settings = {}
print("about to fail")
address = settings["address"]
