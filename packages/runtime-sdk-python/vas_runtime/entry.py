"""The Python file of a model as a handler."""

import importlib.util
import os
import sys


def load_handler(model):
    """The entry's `handler`, or what its `create_handler(model)` returns. Raises whatever the file raises."""
    # So that the entry can import the files beside it.
    sys.path.insert(0, os.path.dirname(model.entry_path))
    spec = importlib.util.spec_from_file_location("vas_model_entry", model.entry_path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    create = getattr(module, "create_handler", None)
    handler = create(model) if callable(create) else getattr(module, "handler", None)
    if not callable(handler):
        raise TypeError(f"{os.path.basename(model.entry_path)} defines neither handler nor create_handler")
    return handler
