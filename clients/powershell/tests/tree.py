"""The script as a tree, in two grammars that know nothing of each other."""

import tree_sitter
import tree_sitter_powershell
import tree_sitter_pwsh

GRAMMARS = {"tree-sitter-powershell": tree_sitter_powershell, "tree-sitter-pwsh": tree_sitter_pwsh}


def parse(source, grammar="tree-sitter-powershell"):
    language = tree_sitter.Language(GRAMMARS[grammar].language())
    return tree_sitter.Parser(language).parse(source).root_node


def walk(node):
    yield node
    for child in node.children:
        yield from walk(child)


def errors(node):
    """Where the grammar could not follow."""
    return [f"line {n.start_point[0] + 1}: {n.type}" for n in walk(node) if n.type == "ERROR" or n.is_missing]


def text(node):
    return node.text.decode()


def line(node):
    return node.start_point[0] + 1


def of_type(node, *types):
    return [n for n in walk(node) if n.type in types]


def child(node, *types):
    """The first child of one of these types, or nothing."""
    return next((n for n in node.children if n.type in types), None)


def functions(root):
    return {text(child(n, "function_name")).lower(): n for n in of_type(root, "function_statement")}


def plain_string(node):
    """What a string literal without variables says; nothing for any other node."""
    said = text(node)
    if said.startswith("'") and said.endswith("'"):
        return said[1:-1].replace("''", "'")
    if said.startswith('"') and said.endswith('"') and "$" not in said and "`" not in said:
        return said[1:-1].replace('""', '"')
    return None
