"""Evaluates the part of PowerShell that the script uses, from its tree. What it does not know stops the test: nothing
is guessed. Strict as `Set-StrictMode -Version 2.0` is; what outputs is enumerated, as PowerShell does.

It is no PowerShell: it shows what the script says, not what a PowerShell makes of it."""

import re

from machine import Hashtable, Machine, PsObject, Thrown, call, cast, construct, member, set_member, static
from tree import child, functions, of_type, text


class Unknown(Exception):
    """Something that this evaluator does not know, with its line."""


class Return(Exception):
    def __init__(self, outputs):
        self.outputs = outputs


class Exit(Exception):
    def __init__(self, code):
        self.code = code


class Continue(Exception):
    pass


def unrolled(value):
    """What a value becomes on the pipeline."""
    if value is None:
        return [None]
    return list(value) if isinstance(value, (list, bytearray)) else [value]


def collected(outputs):
    """What outputs become in a variable."""
    return None if not outputs else outputs[0] if len(outputs) == 1 else list(outputs)


def truth(value):
    if isinstance(value, (list, bytearray)):
        return len(value) > 1 or (len(value) == 1 and truth(value[0]))
    return value is not None and value is not False and value != 0 and value != ""


def string(value):
    if value is None:
        return ""
    if value is True or value is False:
        return str(value)
    if isinstance(value, list):
        return " ".join(string(part) for part in value)
    if isinstance(value, (str, int)):
        return str(value)
    raise Unknown(f"text of {type(value).__name__}")


def pattern(text_):
    return re.compile(text_.replace(r"\z", r"\Z"), re.IGNORECASE)


def replaced(value, regex, replacement):
    # `$1` is a group; a backslash is itself.
    return pattern(regex).sub(
        lambda match: re.sub(r"\$(\d)", lambda group: match.group(int(group[1])) or "", replacement.replace("\\", "\0"))
        .replace("\0", "\\"), value)


COMPARISONS = {
    "-eq": lambda a, b: string(a).lower() == string(b).lower() if isinstance(a, str) else a == b,
    "-ne": lambda a, b: string(a).lower() != string(b).lower() if isinstance(a, str) else a != b,
    "-gt": lambda a, b: a > b,
    "-ge": lambda a, b: a >= b,
    "-lt": lambda a, b: a < b,
    "-le": lambda a, b: a <= b,
    "-match": lambda a, b: bool(pattern(b).search(string(a))),
    "-notmatch": lambda a, b: not pattern(b).search(string(a)),
    "-like": lambda a, b: bool(re.fullmatch(re.escape(b).replace(r"\*", ".*"), string(a), re.IGNORECASE)),
    "-split": lambda a, b: [part for whole in (a if isinstance(a, list) else [a]) for part in pattern(b).split(whole)],
    "-join": lambda a, b: b.join(string(part) for part in a),
}


class Interpreter:
    def __init__(self, root, machine):
        self.root, self.machine, self.functions = root, machine, functions(root)
        self.scopes = [{"null": None, "true": True, "false": False}]

    # Variables are looked up in the callers too, and set where one is.

    def get(self, name):
        for scope in reversed(self.scopes):
            if name.lower() in scope:
                return scope[name.lower()]
        raise Thrown(f"the variable ${name} has not been set")

    def set(self, name, value):
        if name.lower() != "null":
            self.scopes[-1][name.lower()] = value

    def run(self, bound):
        """The whole script with these parameters: its outputs and exit code."""
        outputs = []
        self.scopes.append({name.lower(): value for name, value in self.machine.automatic(self, bound).items()})
        self.bind(child(self.root, "param_block"), bound)
        try:
            for statement in of_type(self.root, "statement_list")[0].children:
                if statement.type != "function_statement":
                    self.statement(statement, outputs)
        except Exit as end:
            return outputs, end.code
        return outputs, 0

    def bind(self, block, bound):
        bound = {name.lower(): value for name, value in bound.items()}
        for parameter in of_type(block, "script_parameter"):
            name = text(child(parameter, "variable"))[1:]
            kinds = [text(a)[1:-1] for a in of_type(parameter, "type_literal")]
            kind = kinds[-1] if kinds else "object"
            default = child(parameter, "script_parameter_default")
            value = bound.pop(name.lower(), None)
            if value is None and default is not None:
                value = self.expression(default.children[-1])
            self.set(name, cast(kind, value))
        if bound:
            raise Unknown(f"no parameter {sorted(bound)}")

    def function(self, name, bound):
        body = child(self.functions[name.lower()], "script_block")
        self.scopes.append({})
        outputs = []
        try:
            if child(body, "param_block") is not None:
                self.bind(child(body, "param_block"), bound)
            self.block(child(body, "script_block_body"), outputs)
        except Return as back:
            outputs += back.outputs
        finally:
            self.scopes.pop()
        return outputs

    def block(self, node, outputs):
        for statements in [n for n in node.children if n.type == "statement_list"]:
            for statement in statements.children:
                self.statement(statement, outputs)

    def statement(self, node, outputs):
        if node.type in ("comment", "empty_statement", ";"):
            return
        known = getattr(self, "on_" + node.type, None)
        if known is None:
            raise Unknown(f"line {node.start_point[0] + 1}: {node.type}")
        known(node, outputs)

    def on_pipeline(self, node, outputs):
        outputs += self.pipeline(node)

    def on_if_statement(self, node, outputs):
        clauses = [node, *of_type_of(node, "elseif_clauses", "elseif_clause")]
        for clause in clauses:
            if truth(self.value(child(clause, "pipeline"))):
                return self.block(child(clause, "statement_block"), outputs)
        if child(node, "else_clause") is not None:
            self.block(child(child(node, "else_clause"), "statement_block"), outputs)
        return None

    def on_foreach_statement(self, node, outputs):
        values = self.value(child(node, "pipeline"))
        for value in [] if values is None else unrolled(values):
            self.set(text(child(node, "variable"))[1:], value)
            try:
                self.block(child(node, "statement_block"), outputs)
            except Continue:
                continue

    def on_while_statement(self, node, outputs):
        condition = child(child(node, "while_condition"), "pipeline")
        while truth(self.value(condition)):
            self.block(child(node, "statement_block"), outputs)

    def on_try_statement(self, node, outputs):
        try:
            self.block(child(node, "statement_block"), outputs)
        except Thrown as thrown:
            catches = child(node, "catch_clauses")
            if catches is None:
                raise
            before = self.scopes[-1].get("_")
            self.scopes[-1]["_"] = thrown.record(node)
            self.block(child(child(catches, "catch_clause"), "statement_block"), outputs)
            self.scopes[-1]["_"] = before
        finally:
            last = child(node, "finally_clause")
            if last is not None:
                self.block(child(last, "statement_block"), [])

    def on_flow_control_statement(self, node, _outputs):
        word, value = node.children[0].type, child(node, "pipeline")
        if word == "continue":
            raise Continue
        if word == "return":
            raise Return(self.pipeline(value) if value is not None else [])
        told = self.value(value)
        if word == "exit":
            raise Exit(told)
        raise Thrown(told) if isinstance(told, str) else told

    def value(self, node):
        """A lone expression is what it is; what commands output is collected."""
        inner = node.children[0]
        lone = inner.type == "pipeline_chain" and len(inner.children) == 1 and inner.children[0].type != "command"
        return self.expression(inner.children[0]) if lone else collected(self.pipeline(node))

    def pipeline(self, node):
        inner = node.children[0]
        if inner.type == "assignment_expression":
            self.assign(inner)
            return []
        outputs = []
        for part in [n for n in inner.children if n.type != "|"]:
            if part.type == "command":
                outputs = self.command(part, outputs)
            else:
                value = self.expression(part)
                alone = part
                while len(alone.children) == 1:
                    alone = alone.children[0]
                if alone.type == "post_increment_expression" or (value is None and alone.type == "invokation_expression"):
                    outputs = []
                else:
                    outputs = unrolled(value)
        return outputs

    def assign(self, node):
        target, operator = node.children[0], text(node.children[1])
        value = self.value(node.children[2])
        while len(target.children) == 1:
            target = target.children[0]
        if target.type == "cast_expression":
            value = cast(text(child(target, "type_literal"))[1:-1], value)
            target = of_type(target, "variable")[-1]
        if target.type == "variable":
            name = text(target)[1:]
            if operator == "+=":
                before = self.get(name)
                value = before + unrolled(value) if isinstance(before, list) else before + string(value)
            self.set(name, value)
        elif target.type == "element_access":
            self.expression(target.children[0])[self.expression(target.children[2])] = value
        elif target.type == "member_access":
            set_member(self.expression(target.children[0]), text(child(target, "member_name")), value)
        else:
            raise Unknown(f"line {node.start_point[0] + 1}: assigns to {target.type}")

    def command(self, node, given):
        name = text(child(node, "command_name"))
        bound, waiting = {}, None
        for part in child(node, "command_elements").children if child(node, "command_elements") else []:
            if part.type == "command_parameter":
                if waiting:
                    bound[waiting] = True
                waiting = text(part)[1:]
            elif part.type != "command_argument_sep":
                if not waiting:
                    raise Unknown(f"line {node.start_point[0] + 1}: an argument by place")
                bound[waiting] = text(part) if part.type == "generic_token" else self.expression(part)
                waiting = None
        if waiting:
            bound[waiting] = True
        if name.lower() in self.functions:
            return self.function(name, bound)
        return self.machine.cmdlet(name, bound, given)

    def expression(self, node):
        if node.type == "variable":
            return self.get(text(node)[1:])
        known = getattr(self, "value_of_" + node.type, None)
        if known is not None:
            return known(node)
        if len(node.children) == 1:
            return self.expression(node.children[0])
        if node.type in ("logical_expression", "comparison_expression", "additive_expression"):
            return self.binary(*node.children)
        if node.type == "additive_argument_expression":
            return self.binary(*node.children)
        if node.type == "array_literal_expression":
            return [self.expression(n) for n in node.children if n.type != ","]
        raise Unknown(f"line {node.start_point[0] + 1}: {node.type}: {text(node)[:60]}")

    def binary(self, left, operator, right):
        a, sign = self.expression(left), text(operator).lower()
        if sign == "-and":
            return truth(a) and truth(self.expression(right))
        if sign == "-or":
            return truth(a) or truth(self.expression(right))
        if sign in ("-is", "-isnot"):
            kind = text(of_type(right, "type_literal")[0])[1:-1]
            return self.machine.is_a(a, kind) == (sign == "-is")
        b = self.expression(right)
        if sign == "-replace":
            return replaced(string(a), *b)
        if sign == "+":
            return a + b if isinstance(a, int) else a + string(b)
        if sign == "-":
            return a - b
        return COMPARISONS[sign](a, b)

    def value_of_string_literal(self, node):
        said = text(node)
        if said.startswith("'"):
            return said[1:-1].replace("''", "'")
        literal, parts = node.children[0], []
        at = literal.start_byte + 1
        for part in literal.children:
            if part.type not in ("variable", "sub_expression"):
                continue
            parts.append(self.root.text[at - self.root.start_byte:part.start_byte - self.root.start_byte].decode())
            if part.type == "variable":
                parts.append(string(self.get(text(part)[1:])))
            else:
                outputs = []
                self.block(part, outputs)
                parts.append(string(collected(outputs)))
            at = part.end_byte
        parts.append(self.root.text[at - self.root.start_byte:literal.end_byte - 1 - self.root.start_byte].decode())
        return "".join(parts)

    def value_of_integer_literal(self, node):
        return int(text(node))

    def value_of_real_literal(self, node):
        return text(node)

    def value_of_parenthesized_expression(self, node):
        return self.value(child(node, "pipeline"))

    def value_of_array_expression(self, node):
        outputs = []
        self.block(node, outputs)
        return outputs

    def value_of_hash_literal_expression(self, node):
        table = Hashtable()
        for entry in of_type_of(node, "hash_literal_body", "hash_entry"):
            table[text(child(entry, "key_expression"))] = self.value(child(entry, "pipeline"))
        return table

    def value_of_cast_expression(self, node):
        return cast(text(child(node, "type_literal"))[1:-1], self.expression(node.children[-1]))

    def value_of_expression_with_unary_operator(self, node):
        if len(node.children) == 1:
            return self.expression(node.children[0])
        sign, value = text(node.children[0]), self.expression(node.children[1])
        if sign == "-not":
            return not truth(value)
        if sign == ",":
            return [value]
        if sign == "-":
            return -value
        raise Unknown(f"line {node.start_point[0] + 1}: {sign}")

    def value_of_post_increment_expression(self, node):
        name = text(child(node, "variable"))[1:]
        self.set(name, self.get(name) + 1)

    def value_of_element_access(self, node):
        of, at = self.expression(node.children[0]), self.expression(node.children[2])
        if isinstance(of, (list, bytearray, str)):
            return of[at]
        return of.get(at)

    def value_of_member_access(self, node):
        name = text(child(node, "member_name"))
        if node.children[0].type == "type_literal":
            return static(text(node.children[0])[1:-1], name, None, self.machine)
        return member(self.expression(node.children[0]), name)

    def value_of_invokation_expression(self, node):
        arguments = [self.expression(n) for n in of_type_of(child(node, "argument_list"), "argument_expression_list",
                                                            "argument_expression")]
        name = text(child(node, "member_name"))
        if node.children[0].type == "type_literal":
            return static(text(node.children[0])[1:-1], name, arguments, self.machine)
        return call(self.expression(node.children[0]), name, arguments)


def of_type_of(node, group, kind):
    """Children of a kind, within the child that groups them."""
    inner = child(node, group)
    return [] if inner is None else [n for n in inner.children if n.type == kind]


__all__ = ["Exit", "Interpreter", "Machine", "PsObject", "Thrown", "Unknown", "construct"]
