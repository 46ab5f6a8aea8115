"""The cmdlets and .NET members that the script uses, and no others. What is not here stops the test."""

import json
import os
import re
import subprocess
import threading
import time
from datetime import datetime, timezone

from argv import arguments_of


class Stopped(Exception):
    """Ctrl-C, while PowerShell waits: no `catch` sees it, every `finally` does."""


class Hashtable(dict):
    """Keys without regard to case."""

    def __setitem__(self, key, value):
        super().__setitem__(next((k for k in self if k.lower() == key.lower()), key), value)

    def get(self, key, default=None):
        return next((v for k, v in self.items() if k.lower() == key.lower()), default)


class PsObject:
    """An object with members, and members that output does not show."""

    def __init__(self, members, kind="PSCustomObject"):
        self.members, self.kind, self.shown = dict(members), kind, None


class Thrown(Exception):
    """A .NET exception."""

    def __init__(self, message, kind="System.InvalidOperationException"):
        super().__init__(message)
        self.message, self.kind, self.data = message, kind, Hashtable()

    def record(self, node):
        line = PsObject({"ScriptLineNumber": node.start_point[0] + 1})
        return PsObject({"Exception": self, "InvocationInfo": line}, "ErrorRecord")


class SecureString:
    def __init__(self, text):
        self.text = text


class Pointer:
    def __init__(self, characters):
        self.characters, self.freed = characters, False


class MemoryStream:
    def __init__(self, capacity):
        self.buffer, self.length, self.capacity = bytearray(capacity), 0, capacity

    def write(self, data):
        if self.length + len(data) > self.capacity:
            raise AssertionError("the stream would move, and leave a copy behind")
        self.buffer[self.length:self.length + len(data)] = data
        self.length += len(data)


class Process:
    """A real process, started as .NET does where it is not Windows: from one line of arguments."""

    def __init__(self, machine):
        self.machine, self.child, self.start, self.readers, self.said = machine, None, None, [], {}

    def begin(self):
        start = self.start.members
        wanted = ("RedirectStandardInput", "RedirectStandardOutput", "RedirectStandardError")
        if start["UseShellExecute"] is not False or not all(start[name] for name in wanted):
            raise AssertionError("started in a way that needs a shell or has no pipes")
        arguments = arguments_of(start["Arguments"])
        self.machine.started.append({"file": start["FileName"], "arguments": arguments, "stdin": b""})
        try:
            pipe = subprocess.PIPE
            self.child = subprocess.Popen([start["FileName"], *arguments], stdin=pipe, stdout=pipe, stderr=pipe,
                                          env=start["EnvironmentVariables"])
        except OSError:
            raise Thrown("cannot start", "System.ComponentModel.Win32Exception") from None

    def write(self, data):
        self.machine.started[-1]["stdin"] += bytes(data)

    def read(self, which):
        """Begins to read one of its pipes to the end."""
        pipe = (self.child.stdout, self.child.stderr)[which]
        reader = threading.Thread(target=lambda: self.said.update({which: pipe.read()}), daemon=True)
        reader.start()
        self.readers.append(reader)

    def end_of_input(self):
        try:
            self.child.stdin.write(self.machine.started[-1]["stdin"])
            self.child.stdin.close()
        except OSError:
            raise Thrown("the pipe is broken", "System.IO.IOException") from None

    def result(self, which):
        for reader in self.readers:
            reader.join(60)
        return self.said[which].decode()


class Machine:
    """What is around the script: a platform, a person who types, an environment, and what was seen."""

    def __init__(self, script, windows=False, dates=True, answers=(), environment=None, what_if=False, path=(),
                 stopped=False):
        self.stopped, self.processes = stopped, []
        self.script, self.windows, self.dates, self.answers = script, windows, dates, list(answers)
        self.environment, self.what_if, self.path = dict(environment or {}), what_if, path
        self.started, self.warnings, self.verbose, self.errors, self.prompts, self.asked = [], [], [], [], [], []
        self.pointers, self.streams, self.arrays = [], [], []

    def automatic(self, _interpreter, bound):
        cmdlet = PsObject({"machine": self}, "PSCmdlet")
        location = PsObject({"machine": self}, "PathIntrinsics")
        state = PsObject({"Path": location})
        return {"PSCmdlet": cmdlet, "PSBoundParameters": Hashtable(bound), "PSScriptRoot": os.path.dirname(self.script),
                "MyInvocation": PsObject({"InvocationName": self.script}),
                "ExecutionContext": PsObject({"SessionState": state})}

    def is_a(self, value, kind):
        kinds = {"string": str, "switch": bool, "System.Security.SecureString": SecureString, "datetime": datetime}
        return isinstance(value, kinds[kind])

    def cmdlet(self, name, bound, given):
        known = getattr(self, "cmdlet_" + name.replace("-", "_").lower(), None)
        if known is None:
            raise AssertionError(f"no cmdlet {name}")
        bound = {key.lower(): value for key, value in bound.items() if key.lower() != "erroraction"}
        return known(given, **bound) if name == "Select-Object" else known(**bound)

    def cmdlet_set_strictmode(self, version):
        assert version == "2.0"
        return []

    def cmdlet_new_object(self, typename, argumentlist=None, property=None):
        arguments = argumentlist if isinstance(argumentlist, list) else [argumentlist]
        made = construct(self, typename, arguments)
        for name, value in (property or {}).items():
            set_member(made, name, value)
        return [made]

    def cmdlet_write_warning(self, message):
        self.warnings.append(message)
        return []

    def cmdlet_write_verbose(self, message):
        self.verbose.append(message)
        return []

    def cmdlet_read_host(self, prompt, assecurestring):
        self.prompts.append(prompt)
        if not self.answers or assecurestring is not True:
            raise Thrown("nobody is there")
        return [SecureString(self.answers.pop(0))]

    def cmdlet_test_path(self, literalpath, pathtype):
        assert pathtype == "Leaf"
        return [os.path.isfile(literalpath)]

    def cmdlet_join_path(self, path, childpath):
        return [os.path.join(path, childpath)]

    def cmdlet_get_command(self, name, commandtype):
        assert commandtype == "Application"
        found = [os.path.join(folder, name) for folder in self.path if os.access(os.path.join(folder, name), os.X_OK)]
        return [PsObject({"Path": path}) for path in found]

    def cmdlet_select_object(self, given, first):
        return given[:first]

    def cmdlet_get_item(self, literalpath, force):
        assert force
        try:
            mode = os.stat(literalpath).st_mode & 0o777
        except OSError:
            raise Thrown("not found") from None
        bits = "".join(letter if mode >> (8 - at) & 1 else "-" for at, letter in enumerate("rwxrwxrwx"))
        return [PsObject({"PSObject": PsObject({"Properties": Hashtable(UnixMode=PsObject({"Value": "-" + bits}))})})]

    def cmdlet_get_acl(self, literalpath):
        assert literalpath
        return [PsObject({"Sddl": "O:S-1-5-21D:(A;;FA;;;SY)(A;ID;0x1200a9;;;BU)"})]

    def cmdlet_convertfrom_json(self, inputobject):
        try:
            return [self.from_json(json.loads(inputobject))]
        except ValueError:
            raise Thrown(f"Invalid JSON primitive: {inputobject}") from None

    def cmdlet_add_member(self, inputobject, membertype, name, value):
        assert (membertype, name) == ("MemberSet", "PSStandardMembers")
        inputobject.shown = value[0].members["names"]
        return []

    def cmdlet_start_sleep(self, milliseconds):
        if self.stopped:
            raise Stopped
        time.sleep(milliseconds / 1000)
        return []

    def from_json(self, value):
        if isinstance(value, dict):
            return PsObject({name: self.from_json(member_) for name, member_ in value.items()})
        if isinstance(value, list):
            return [self.from_json(part) for part in value]
        if self.dates and isinstance(value, str) and re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", value):
            return instant(value)
        return value


def instant(text):
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def cast(kind, value):
    kind = kind.lower()
    if kind == "string":
        return "" if value is None else str(value)
    if kind == "string[]":
        return value if value is None or isinstance(value, list) else [value]
    if kind == "int":
        return 0 if value is None else int(value)
    if kind in ("switch", "bool"):
        return bool(value)
    if kind == "system.management.automation.psmemberinfo[]":
        return list(value)
    if kind == "pscustomobject":
        return PsObject({k: v for k, v in value.items() if k != "PSTypeName"}, value["PSTypeName"])
    if kind in ("object", "hashtable", "system.io.memorystream", "system.diagnostics.processstartinfo"):
        return value
    raise AssertionError(f"no cast to {kind}")


def construct(machine, kind, arguments):
    if kind == "System.InvalidOperationException":
        return Thrown(arguments[0])
    if kind == "char[]":
        machine.arrays.append(["\0"] * arguments[0])
        return machine.arrays[-1]
    if kind == "System.IO.MemoryStream":
        machine.streams.append(MemoryStream(arguments[0]))
        return machine.streams[-1]
    if kind == "System.Diagnostics.ProcessStartInfo":
        return PsObject({"EnvironmentVariables": dict(machine.environment)}, kind)
    if kind == "System.Diagnostics.Process":
        machine.processes.append(Process(machine))
        return machine.processes[-1]
    if kind == "System.Management.Automation.PSPropertySet":
        return PsObject({"name": arguments[0], "names": arguments[1]}, kind)
    if kind == "System.Management.Automation.ErrorRecord":
        failure, code, category, target = arguments
        assert category == "NotSpecified" and target is None
        return PsObject({"Exception": failure, "Code": code}, "ErrorRecord")
    raise AssertionError(f"no type {kind}")


def member(of, name):
    if isinstance(of, PsObject):
        if name not in of.members:
            raise Thrown(f"no member {name}", "PropertyNotFoundException")
        return of.members[name]
    if isinstance(of, (str, list, bytearray)) and name == "Length":
        return len(of)
    if isinstance(of, SecureString) and name == "Length":
        return len(of.text)
    if isinstance(of, Hashtable) and name == "Keys":
        return list(of)
    if isinstance(of, Thrown) and name == "Data":
        return of.data
    if isinstance(of, MemoryStream) and name == "Capacity":
        return of.capacity
    if isinstance(of, type) and name == "FullName":
        return of.__name__
    if isinstance(of, Process):
        pipe = {"StandardInput": "input", "StandardOutput": 0, "StandardError": 1}
        if name in pipe:
            return (of, pipe[name])
        return {"HasExited": lambda: of.child.poll() is not None, "ExitCode": lambda: of.child.returncode}[name]()
    if isinstance(of, tuple) and isinstance(of[0], Process):
        process, which = of
        assert name == ("BaseStream" if which == "input" else "Result")
        return process if which == "input" else process.result(which)
    raise Thrown(f"no member {name} of {type(of).__name__}", "PropertyNotFoundException")


def set_member(of, name, value):
    if isinstance(of, Process) and name == "StartInfo":
        of.start = value
    elif isinstance(of, PsObject) and of.kind == "System.Diagnostics.ProcessStartInfo":
        of.members[name] = value
    else:
        raise AssertionError(f"sets {name}")


def call(of, name, arguments):
    if isinstance(of, PsObject) and of.kind == "PSCmdlet":
        machine = of.members["machine"]
        if name == "WriteError":
            return machine.errors.append(arguments[0])
        assert name == "ShouldProcess" and len(arguments) == 2
        machine.asked.append(arguments)
        return not machine.what_if
    if isinstance(of, PsObject) and of.kind == "PathIntrinsics":
        assert name == "GetUnresolvedProviderPathFromPSPath"
        return os.path.abspath(arguments[0])
    if isinstance(of, PsObject) and of.kind == "Encoding":
        assert name == "GetBytes"
        return bytearray("".join(arguments[0][arguments[1]:arguments[2]]).encode(of.members["codec"]))
    if isinstance(of, MemoryStream):
        if name == "Write":
            return of.write(arguments[0][arguments[1]:arguments[1] + arguments[2]])
        if name == "WriteTo":
            return arguments[0].write(of.buffer[:of.length])
        return {"WriteByte": lambda: of.write(bytes(arguments)), "GetBuffer": lambda: of.buffer}[name]()
    if isinstance(of, Process):
        if name == "Start":
            of.begin()
            return True
        {"WaitForExit": lambda: of.child.wait(60), "Kill": lambda: of.child.kill(), "Dispose": lambda: None}[name]()
        return None
    if isinstance(of, tuple):
        assert name in ("ReadToEndAsync", "Close")
        return of[0].end_of_input() if name == "Close" else of[0].read(of[1]) or of
    if isinstance(of, Thrown) and name == "GetType":
        return type(of.kind, (), {})
    if isinstance(of, datetime) and name == "ToUniversalTime":
        return of.astimezone(timezone.utc)
    if isinstance(of, Hashtable) and name == "ContainsKey":
        return any(key.lower() == arguments[0].lower() for key in of)
    if isinstance(of, dict) and name == "Remove":
        del of[arguments[0]]
        return None
    if isinstance(of, str) and name in ("Trim", "ToCharArray"):
        return of.strip() if name == "Trim" else list(of)
    raise AssertionError(f"calls {name} of {type(of).__name__}")


def static(kind, name, arguments, machine):
    known = {
        "System.Environment": {
            "OSVersion": lambda: PsObject({"Platform": "Win32NT" if machine.windows else "Unix"}),
            "GetEnvironmentVariable": lambda: machine.environment.get(arguments[0]),
        },
        "System.Runtime.InteropServices.Marshal": {
            "SecureStringToBSTR": lambda: machine.pointers.append(Pointer(arguments[0].text)) or machine.pointers[-1],
            "Copy": lambda: arguments[1].__setitem__(slice(0, arguments[3]), list(arguments[0].characters)),
            "ZeroFreeBSTR": lambda: setattr(arguments[0], "freed", True),
        },
        "System.Text.Encoding": {
            "UTF8": lambda: PsObject({"codec": "utf-8"}, "Encoding"),
            "Unicode": lambda: PsObject({"codec": "utf-16-le"}, "Encoding"),
            "Convert": lambda: bytearray(bytes(arguments[2])[arguments[3]:arguments[3] + arguments[4]]
                                         .decode(arguments[0].members["codec"]).encode(arguments[1].members["codec"])),
        },
        "System.Array": {"Clear": lambda: wiped(*arguments)},
        "System.IO.File": {"ReadAllBytes": lambda: read(machine, arguments[0])},
        "char": {"IsControl": lambda: ord(arguments[0]) < 32 or 127 <= ord(arguments[0]) < 160},
        "datetime": {"Parse": lambda: instant(arguments[0])},
        "System.Globalization.CultureInfo": {"InvariantCulture": lambda: "invariant"},
        "System.Globalization.DateTimeStyles": {"RoundtripKind": lambda: "round trip"},
    }
    if name not in known.get(kind, {}):
        raise AssertionError(f"no [{kind}]::{name}")
    return known[kind][name]()


def wiped(array, start, length):
    array[start:start + length] = bytes(length) if isinstance(array, bytearray) else ["\0"] * length


def read(machine, path):
    try:
        with open(path, "rb") as file:
            machine.arrays.append(bytearray(file.read()))
    except OSError:
        raise Thrown("cannot read") from None
    return machine.arrays[-1]
