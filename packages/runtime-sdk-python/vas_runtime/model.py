"""A model's folder: model.yaml, and every file that it names really inside the folder.

The registry of Ruth Core checks every rule of model.yaml (docs/ref/model-yaml.md); here is checked what this process uses.
"""

import os
import re

from . import plain_yaml

MAX_YAML_BYTES = 64 * 1024
MAX_NAMES_BYTES = 1024 * 1024
KEYS = """model_id model_name model_version model_type model_weights entry supported_tasks input_format expected_resolution
resource_requirements runtime confidence_threshold nms_iou_threshold preprocess output_schema config_schema display_name
description author license license_file""".split()
_ID = re.compile(r"[a-z0-9][a-z0-9._-]{0,127}\Z")


class ModelError(Exception):
    """What is wrong with the folder, and what to do about it."""


class Model:
    """`yaml` is model.yaml as a dict; `class_names` by class id; paths are real paths or None."""

    def __init__(self, folder, yaml, entry_path, weights_path, class_names):
        self.folder = folder
        self.yaml = yaml
        self.model_id = yaml["model_id"]
        self.entry_path = entry_path
        self.weights_path = weights_path
        self.class_names = class_names


def load(folder):
    """Returns the Model; raises ModelError."""
    try:
        real = os.path.realpath(folder, strict=True)
        with open(os.path.join(real, "model.yaml"), "rb") as file:
            content = file.read(MAX_YAML_BYTES + 1)
    except OSError as error:
        raise ModelError(f"model.yaml cannot be read [{error.strerror}]; name a folder that holds one") from None
    if len(content) > MAX_YAML_BYTES:
        raise ModelError(f"model.yaml is too large [max:{MAX_YAML_BYTES}]")
    try:
        yaml = plain_yaml.parse(content.decode("utf-8"))
    except (plain_yaml.YamlError, UnicodeDecodeError) as error:
        raise ModelError(f"model.yaml {error}; correct the YAML on this line") from None
    if not isinstance(yaml, dict):
        raise ModelError("model.yaml line 1: keys and values were expected")
    _check(yaml)
    schema = yaml.get("output_schema") or {}
    names_file = schema.get("class_names_file")
    names = schema.get("class_names") or []
    if names_file is not None:
        names = _read_names(_inside(real, "output_schema.class_names_file", names_file))
    classes = schema.get("classes")
    if classes is not None and names and classes != len(names):
        raise ModelError(
            f"model.yaml: output_schema.classes and the class names differ [classes:{classes}, names:{len(names)}]"
        )
    weights = yaml.get("model_weights")
    return Model(
        real,
        yaml,
        _inside(real, "entry", yaml["entry"]),
        None if weights is None else _inside(real, "model_weights", weights),
        names,
    )


def _check(yaml):
    for key in yaml:
        if key not in KEYS:
            raise ModelError(f'model.yaml: unknown key "{key}"; remove it; the known keys are {", ".join(KEYS)}')
    for key in ("model_id", "model_name", "model_version", "model_type"):
        value = yaml.get(key)
        if value is None:
            raise ModelError(f"model.yaml: missing {key}; add {key}:")
        if not isinstance(value, str) or not 1 <= len(value) <= 256:
            raise ModelError(f"model.yaml: {key} must be text of 1 to 256 characters; put it into quotes")
    if not _ID.match(yaml["model_id"]):
        raise ModelError("model.yaml: model_id must be lower-case letters, digits, '.', '_' and '-', up to 128")
    entry = yaml.get("entry")
    if yaml["model_type"] != "module" or not isinstance(entry, str) or not entry.endswith(".py"):
        raise ModelError("model.yaml: this runtime serves model_type module with an entry that ends in .py")
    for key in ("output_schema", "resource_requirements", "preprocess", "config_schema", "runtime"):
        if not isinstance(yaml.get(key) or {}, dict):
            raise ModelError(f"model.yaml: {key} must have keys and values of its own")
    for key in ("confidence_threshold", "nms_iou_threshold"):
        value = yaml.get(key, 0)
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value <= 1:
            raise ModelError(f"model.yaml: {key} must be between 0 and 1")
    names = (yaml.get("output_schema") or {}).get("class_names", [])
    if not isinstance(names, list) or not all(isinstance(name, str) and 1 <= len(name) <= 128 for name in names):
        raise ModelError("model.yaml: output_schema.class_names must be a list of texts of 1 to 128 characters")


def _inside(folder, field, name):
    if not isinstance(name, str) or name.startswith("/") or "\\" in name or "\0" in name or ".." in name.split("/"):
        raise ModelError(f"model.yaml: {field} leaves the model's folder; name a file in it")
    try:
        path = os.path.realpath(os.path.join(folder, name), strict=True)
    except OSError as error:
        raise ModelError(
            f"model.yaml: {field} cannot be read [{name}, {error.strerror}]; put the file into the folder"
        ) from None
    if not path.startswith(folder + os.sep):
        raise ModelError(f"model.yaml: {field} leads out of the folder [{name}]; copy the file into it")
    if not os.path.isfile(path):
        raise ModelError(f"model.yaml: {field} is not a file [{name}]")
    return path


def _read_names(path):
    with open(path, "rb") as file:
        content = file.read(MAX_NAMES_BYTES + 1)
    if len(content) > MAX_NAMES_BYTES:
        raise ModelError(f"model.yaml: the class_names_file is too large [max:{MAX_NAMES_BYTES}]")
    names = [line.strip() for line in content.decode("utf-8", "replace").rstrip().split("\n")]
    for number, name in enumerate(names, 1):
        if not 1 <= len(name) <= 128:
            raise ModelError(
                f"model.yaml: line {number} of the class_names_file is empty or longer than 128 characters"
            )
    return names
