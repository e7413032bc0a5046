"""Reads CloudFormation templates: intrinsic functions in their long form, as JSON has them."""
import pathlib

import yaml


class Loader(yaml.SafeLoader):
    """YAML with the tags of CloudFormation."""


def tagged(loader, name, node):
    if isinstance(node, yaml.MappingNode):
        value = loader.construct_mapping(node, deep=True)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        value = loader.construct_scalar(node)
    return {name if name in ("Ref", "Condition") else f"Fn::{name}": value}


Loader.add_multi_constructor("!", tagged)


def read(text):
    return yaml.load(text, Loader)


def template(path):
    return read(pathlib.Path(path).read_text())
