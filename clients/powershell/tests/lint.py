"""Holds the script to what Windows PowerShell 5.1 and PowerShell 7 both know, over its tree. Every complaint names a line."""

import re

import tables
from tree import child, errors, functions, line, of_type, parse, plain_string, text, walk

FUNCTION_LINES_MAX = 70
COLUMNS_MAX = 120
# In comment-based help, a line that begins with a dot and an unknown word makes Get-Help drop the whole of it.
HELP_WORDS = {"SYNOPSIS", "DESCRIPTION", "PARAMETER", "EXAMPLE", "OUTPUTS", "NOTES", "LINK"}


def lint(source):
    """Every complaint about a script; none about a good one."""
    complaints = []
    for grammar in ("tree-sitter-powershell", "tree-sitter-pwsh"):
        complaints += [f"{grammar}, {error}" for error in errors(parse(source, grammar))]
    root = parse(source)
    for check in (text_of, language, commands, types, members, variables, shapes, help_page, secrets):
        complaints += check(root, source.decode("utf-8", "replace"))
    return complaints


def text_of(_root, source):
    if not source.isascii():
        yield "line 1: not ASCII: Windows PowerShell reads a file without a mark in the code page of the machine"
    for number, said in enumerate(source.split("\n"), 1):
        if len(said) > COLUMNS_MAX or said != said.rstrip() or "\t" in said:
            yield f"line {number}: more than {COLUMNS_MAX} columns, a tab, or spaces at its end"


def language(root, source):
    for node in of_type(parse(source.encode(), "tree-sitter-pwsh"), *tables.SEVEN):
        yield f"line {line(node)}: only PowerShell 7 has a {node.type}"
    for node in walk(root):
        if node.type in tables.SEVEN_TOKENS or node.type in ("pipeline_chain_tail", "class_statement", "backtick"):
            yield f"line {line(node)}: {text(node)} is not for both versions"
        operator = node.type in ("comparison_operator", "assignement_operator") or node.type.startswith("-")
        if operator and text(node).lower() not in tables.OPERATORS and node.type != "-":
            yield f"line {line(node)}: the operator {text(node)}"


def commands(root, _source):
    own = {name: parameters(node) for name, node in functions(root).items()}
    for node in of_type(root, "command"):
        name = text(child(node, "command_name", "command_name_expr") or node.children[0])
        known = {cmdlet.lower(): (cmdlet, names) for cmdlet, names in tables.CMDLETS.items()}
        if name.lower() in own:
            allowed = own[name.lower()]
        elif name.lower() in known:
            allowed = {n.lower() for n in known[name.lower()][1]} | tables.COMMON
            if name != known[name.lower()][0]:
                yield f"line {line(node)}: {name} is written {known[name.lower()][0]}"
        else:
            yield f"line {line(node)}: {name} is no known cmdlet; aliases are none"
            continue
        yield from arguments(node, name, allowed)
    for name, node in functions(root).items():
        verb = text(child(node, "function_name")).split("-")[0]
        if verb not in tables.VERBS:
            yield f"line {line(node)}: {name} has no approved verb"


def arguments(node, name, allowed):
    waiting = None
    for part in child(node, "command_elements").children if child(node, "command_elements") else []:
        if part.type == "command_parameter":
            waiting = text(part)[1:]
            if waiting.lower() not in allowed:
                yield f"line {line(part)}: {name} has no parameter -{waiting} in both versions"
        elif part.type != "command_argument_sep":
            if waiting is None:
                yield f"line {line(part)}: an argument of {name} by its place"
            if name == "New-Object" and waiting == "TypeName" and (plain_string(part) or text(part)) not in tables.MADE:
                yield f"line {line(part)}: no type {text(part)} is made"
            waiting = None


def parameters(function):
    block = of_type(function, "param_block")
    return {text(child(p, "variable"))[1:].lower() for p in of_type(block[0], "script_parameter")} if block else set()


def types(root, _source):
    named = {"Parameter", "ValidateNotNullOrEmpty", "CmdletBinding", "OutputType"}
    for node in of_type(root, "type_literal"):
        kind = text(node)[1:-1]
        if kind not in tables.TYPES and kind not in named:
            yield f"line {line(node)}: the type {kind}"
    for node in of_type(root, "member_access", "invokation_expression"):
        if node.children[0].type == "type_literal":
            kind, name = text(node.children[0])[1:-1], text(child(node, "member_name"))
            if name not in tables.TYPES.get(kind, ()):
                yield f"line {line(node)}: [{kind}]::{name}"


def members(root, _source):
    for node in of_type(root, "member_access", "invokation_expression"):
        name = text(child(node, "member_name"))
        if node.children[0].type != "type_literal" and name not in tables.MEMBERS | tables.REPLY:
            yield f"line {line(node)}: the member {name}"
    for node in of_type(root, "command"):
        if text(node).startswith("New-Object") and "-Property" in text(node):
            for key in of_type(node, "key_expression"):
                if text(key) not in tables.PROPERTIES:
                    yield f"line {line(key)}: the property {text(key)}"


def variables(root, _source):
    """Strict mode stops at a variable that was never set; an automatic one is not to be set."""
    everywhere = {text(n)[1:].lower() for n in of_type(child(root, "param_block"), "variable")}
    scopes = [(node, set(parameters(node))) for node in functions(root).values()]
    main = [n for n in of_type(root, "statement_list")[0].children if n.type != "function_statement"]
    scopes += [(node, set()) for node in main]
    main_set = set().union(*(assigned(node) for node in main)) | everywhere
    for node, known in scopes:
        known |= assigned(node) if node.type == "function_statement" else main_set
        for name in assigned(node) & tables.AUTOMATIC - {"null"}:
            yield f"line {line(node)}: sets the automatic variable ${name}"
        for variable in of_type(node, "variable"):
            name = text(variable)[1:].lower()
            if name not in known | tables.READ:
                yield f"line {line(variable)}: ${name} is set nowhere before"


def assigned(node):
    names = set()
    for target in of_type(node, "left_assignment_expression"):
        inner = target
        while len(inner.children) == 1:
            inner = inner.children[0]
        found = of_type(inner, "variable") if inner.type in ("variable", "cast_expression") else []
        names |= {text(v)[1:].lower() for v in found}
    return names | {text(child(n, "variable"))[1:].lower() for n in of_type(node, "foreach_statement")}


def shapes(root, _source):
    for name, node in functions(root).items():
        lines = node.end_point[0] - node.start_point[0] + 1
        if lines > FUNCTION_LINES_MAX:
            yield f"line {line(node)}: {name} has {lines} lines"


def help_page(root, source):
    page = source[source.index("<#"):source.index("#>")] if "<#" in source else ""
    words = re.findall(r"^\s*\.(\w+)(?:[ \t]+(\S+))?[ \t]*$", page, re.MULTILINE)
    for word, _ in words:
        if word not in HELP_WORDS:
            yield f"line 1: .{word} in the help"
    for word in HELP_WORDS - {word for word, _ in words}:
        yield f"line 1: the help has no .{word}"
    block = child(root, "param_block")
    told, taken = {name for word, name in words if word == "PARAMETER"}, set()
    for parameter in of_type(block, "script_parameter") if block else []:
        taken.add(text(child(parameter, "variable"))[1:])
    for name in told ^ taken:
        yield f"line 1: -{name} is in the help or in the script, not in both"


def secrets(root, _source):
    """No secret in a text that is made, nor given to what writes; and none is made text by .NET."""
    for node in of_type(root, "expandable_string_literal"):
        for variable in of_type(node, "variable"):
            if text(variable)[1:].lower() in tables.SECRETS:
                yield f"line {line(variable)}: a secret in a text: {text(variable)}"
    for node in of_type(root, "command"):
        if text(node.children[0]).lower() in tables.WRITERS:
            for variable in of_type(node, "variable"):
                if text(variable)[1:].lower() in tables.SECRETS:
                    yield f"line {line(node)}: writes the secret {text(variable)}"
    for name in of_type(root, "simple_name"):
        if text(name) in ("GetString", "PtrToStringBSTR", "PtrToStringAuto", "PtrToStringUni", "SetEnvironmentVariable"):
            yield f"line {line(name)}: {text(name)} would leave a copy of a secret"
