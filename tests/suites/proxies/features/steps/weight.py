import importlib

importlib.import_module("shop.steps.weight")
