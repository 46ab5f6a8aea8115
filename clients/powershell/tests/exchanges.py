"""What goes between the script and perfagg: the arguments and bytes of `exchange/*.json`, sent to a real perfagg before a
real enclave, and what the script makes of the answer. The script is evaluated from its tree."""

import json
import os
import subprocess
from datetime import timedelta

from interpret import Interpreter, Machine
from machine import SecureString, Stopped
from run import HERE, SCRIPT, Skip
from stack import delete, get
from tree import parse

ROOT = os.path.normpath(os.path.join(HERE, "../../../trusted/attestation/development-root.pem"))
NOBODY = "http://127.0.0.1:9"
ENVIRONMENT = {"PERFAGG_API_KEY": "planted-key", "PERFAGG_API_SECRET": "planted-secret", "PERFAGG_PASSPHRASE": "planted"}


class Run:
    """One run of the script, and what was seen of it."""

    def __init__(self, desk, parameters, perfagg=None, **around):
        environment = {"HOME": desk.directory, "PATH": os.environ["PATH"], **ENVIRONMENT}
        path = [perfagg] if perfagg else []
        self.machine = Machine(SCRIPT, environment=environment, path=path, **around)
        self.outputs, self.exit = Interpreter(parse(desk.source), self.machine).run(parameters)
        self.session = self.outputs[0] if self.outputs else None

    def error(self):
        (record,) = self.machine.errors
        return record.members["Code"], record.members["Exception"].message

    def left_nothing(self, *secrets):
        """Every buffer is wiped and freed, and no secret was said."""
        machine = self.machine
        assert all(not any(stream.buffer) for stream in machine.streams)
        assert all(pointer.freed for pointer in machine.pointers)
        assert all(part in (0, "\0") for array in machine.arrays for part in array)
        said = json.dumps([machine.warnings, machine.verbose, machine.asked, machine.prompts,
                           [record.members["Exception"].message for record in machine.errors],
                           [started["arguments"] for started in machine.started]])
        assert not any(secret.strip() in said for secret in (*secrets, "planted") if secret.strip()), said


def case(name):
    with open(os.path.join(HERE, "exchange", name + ".json"), encoding="utf-8") as file:
        return json.load(file)


def filled(value, places):
    """A case with what differs from run to run put in."""
    if isinstance(value, dict):
        return {name: filled(part, places) for name, part in value.items()}
    if isinstance(value, list):
        return [filled(part, places) for part in value]
    if isinstance(value, str):
        for name, place in places.items():
            value = value.replace("{" + name + "}", place)
    return value


def exchanged(desk, name, **around):
    """Runs a case, and holds what was sent against what its file says."""
    stack = desk.stack()
    stack.next_minute()
    session = os.path.join(desk.directory, name + "-session.json")
    places = {"MAIN": stack.main, "ENCLAVE": stack.enclave, "KEY": stack.key, "SECRET": stack.secret, "ROOT": ROOT,
              "SESSION": session, "NOBODY": NOBODY, "DIRECTORY": desk.directory}
    said = filled(case(name), places)
    parameters = dict(said["parameters"])
    for hidden in said.get("secure", []):
        parameters[hidden] = SecureString(parameters[hidden])
    run = Run(desk, parameters, stack.programs, answers=said.get("typed", []), **around)
    (started,) = run.machine.started
    assert started["arguments"] == said["arguments"], started["arguments"]
    assert started["stdin"] == said["stdin"].encode(), started["stdin"]
    assert run.exit == said["exit"], (run.exit, run.machine.verbose, run.machine.errors and run.error())
    run.left_nothing(*said["stdin"].split("\n")[:3])
    return stack, run


def reads(stack, run):
    """The session can be read plainly, as Invoke-RestMethod does, at the enclave and the main service."""
    session = run.session.members
    for url in (session["ServiceUrl"], stack.main, stack.enclave):
        status, summary = get(f"{url}/enclave/summary/{session['SessionId']}")
        assert status == 200 and summary["sync"]["state"] in ("collecting", "live", "waiting"), summary
    assert "equity" in summary and summary["coverage"], summary
    assert delete(f"{stack.main}/enclave/sessions/{session['SessionId']}") == 200
    assert get(f"{stack.main}/enclave/summary/{session['SessionId']}")[0] == 401
    return summary


def a_registration_by_prompt_can_be_read_plainly(desk):
    stack, run = exchanged(desk, "prompted")
    session = run.session.members
    summary = reads(stack, run)
    assert session["Environment"] == summary["environment"] == "development"
    assert (session["UserId"], session["Exchange"], session["AccountType"]) == ("alice", "binance", ["spot", "usdm", "coinm", "isolated", "margin"])
    assert session["KeyRights"].members["verdict"] == "read_only"
    assert session["ServiceUrl"] == stack.main
    assert len(session["Measurement"]) == 64 and session["Development"] is True
    enclave = attested(stack)
    for name in ("measurement", "result_key", "keyset_hash", "tee", "epoch"):
        assert session["Enclave"].members[name] == enclave[name], name
    assert (session["KeyWipedBy"], session["ExpiresAt"]) == (session["ExpiresAt"], session["ExpiresAt"])
    assert run.machine.prompts == ["ApiKey of binance, not shown", "Secret of binance, not shown"]
    assert "SessionId" not in run.session.shown and set(run.session.shown) <= set(session)
    assert any("DEVELOPMENT EVIDENCE" in warning for warning in run.machine.warnings)


def attested(stack):
    """What perfagg itself says of the enclave."""
    words = [os.path.join(stack.programs, "perfagg"), "--json", "--dangerous-development-root", ROOT, "attest", stack.enclave]
    return json.loads(subprocess.run(words, capture_output=True, check=True).stdout)


def the_session_is_the_same_in_both_versions_of_powershell(desk):
    """One makes instants of texts in JSON, the other leaves them."""
    _, run = exchanged(desk, "prompted", dates=False)
    stack, seven = exchanged(desk, "replaced", dates=True)
    reads(stack, run)
    for session in (run.session.members, seven.session.members):
        assert session["ExpiresAt"].utcoffset() == timedelta(0)
        life = session["ExpiresAt"] - session["KeyWipedBy"]
        assert life == timedelta(0), life
    assert seven.session.members["ExpiresAt"] - run.session.members["ExpiresAt"] > timedelta(days=5)


def every_parameter_reaches_perfagg(desk):
    _, run = exchanged(desk, "everything")
    assert run.error()[0] == case("everything")["code"], run.error()


def hostile_labels_arrive_as_they_are(desk):
    """Quotes, backslashes, spaces, other scripts and a leading dash: no option is added, and perfagg takes them."""
    stack, run = exchanged(desk, "hostile")
    reads(stack, run)
    assert run.session.members["UserId"] == case("hostile")["parameters"]["UserId"]


def a_wrong_key_is_refused_in_the_enclaves_words(desk):
    _, run = exchanged(desk, "wrong-key")
    assert run.session is None and run.error()[0] == "CREDENTIALS_REFUSED", run.error()


def a_key_that_can_withdraw_is_refused(desk):
    stack = desk.stack()
    stack.rights("withdraw")
    try:
        _, run = exchanged(desk, "withdraw")
    finally:
        stack.rights("read")
    assert run.session is None and run.error()[0] == "KEY_NOT_READ_ONLY", run.error()


def a_trading_key_is_taken_when_asked_for_and_warned_of(desk):
    stack = desk.stack()
    stack.rights("trade")
    try:
        _, run = exchanged(desk, "trading")
    finally:
        stack.rights("read")
    assert any("not known to be read-only" in warning for warning in run.machine.warnings)


def a_service_that_is_not_there_is_told(desk):
    _, run = exchanged(desk, "unreachable")
    code, message = run.error()
    assert code == "CONNECTION_REFUSED" and "Check host and port" in message, run.error()


def an_enclave_without_hardware_is_refused_without_the_flag(desk):
    _, run = exchanged(desk, "unverified")
    assert run.session is None and run.error()[0] == "ATTESTATION_REFUSED", run.error()


def plain_http_to_another_machine_is_refused(desk):
    _, run = exchanged(desk, "plain-http")
    assert "plain http://" in run.error()[1], run.error()


def a_session_that_is_open_is_not_written_over_unasked(desk):
    exchanged(desk, "kept")
    _, run = exchanged(desk, "kept-again")
    assert "-Replace and -SessionFile" in run.error()[1], run.error()


def a_credential_file_is_sent_as_it_is(desk):
    file = os.path.join(desk.directory, "key.txt")
    stack = desk.stack()
    lines = f"{stack.key}\r\n{stack.secret}\r\n"
    for text in (lines.encode(), b"\xef\xbb\xbf" + lines.encode(), b"\xff\xfe" + lines.encode("utf-16-le")):
        with open(file, "wb") as written:
            written.write(text)
        os.chmod(file, 0o600)
        stack, run = exchanged(desk, "file-marked" if text.startswith(b"\xef") else "file")
        reads(stack, run)
        assert not any("credential file" in warning for warning in run.machine.warnings)
    os.chmod(file, 0o644)
    _, run = exchanged(desk, "file")
    assert any("Others on this machine can read" in warning for warning in run.machine.warnings)


def a_credential_file_with_three_lines_has_a_passphrase(desk):
    with open(os.path.join(desk.directory, "key.txt"), "wb") as written:
        written.write(f"{desk.stack().key}\n{desk.stack().secret}\nthird".encode())
    exchanged(desk, "file-passphrase")


def nothing_is_asked_or_started(desk, parameters, code, words, **around):
    asked = {"UserId": "a", "Exchange": "binance", "ServiceUrl": NOBODY, **parameters}
    run = Run(desk, asked, os.path.dirname(SCRIPT) if around.pop("missing", False) else perfagg_or_skip(), **around)
    assert (run.exit, run.machine.started, run.machine.prompts) == (2, [], []), run.machine.errors and run.error()
    assert run.error()[0] == code and words in run.error()[1], run.error()
    run.left_nothing("typed")


def perfagg_or_skip():
    programs = os.environ.get("PERFAGG_BIN_DIR")
    if not programs:
        raise Skip("PERFAGG_BIN_DIR is not set")
    return programs


def what_cannot_be_meant_is_refused_before_anything_is_asked(desk):
    def refused(words, **parameters):
        nothing_is_asked_or_started(desk, parameters, "USAGE", words)

    refused("verified before anything is sent", Secure=False)
    refused("-ApiKey takes a SecureString", ApiKey=1234567890)
    refused("-Secret and -CredentialFile exclude", Secret="typed", CredentialFile="key.txt")
    refused("-Label takes one line", Label="two\nlines")
    refused("-UserId takes one line", UserId="x" * 1_000_000)


def without_perfagg_it_says_where_it_comes_from(desk):
    nothing_is_asked_or_started(desk, {}, "PERFAGG_MISSING", "cargo install --locked --path clients/rust", missing=True)
    nothing_is_asked_or_started(desk, {"PerfaggPath": "/nowhere/perfagg"}, "PERFAGG_MISSING", "-PerfaggPath")


def on_windows_a_batch_file_is_no_perfagg(desk):
    batch = os.path.join(desk.directory, "perfagg.cmd")
    with open(batch, "w", encoding="ascii") as file:
        file.write("@echo %*")
    nothing_is_asked_or_started(desk, {"PerfaggPath": batch}, "PERFAGG_MISSING", "perfagg.exe", windows=True)


def what_if_says_what_it_would_do_and_does_nothing(desk):
    asked = {"UserId": "a", "Exchange": "binance", "ServiceUrl": NOBODY, "Secret": "typed"}
    run = Run(desk, asked, perfagg_or_skip(), what_if=True)
    assert (run.exit, run.outputs, run.machine.errors) == (0, [], [])
    assert (run.machine.started, run.machine.prompts, run.machine.streams) == ([], [], [])
    ((target, action),) = run.machine.asked
    assert target == NOBODY and "seal a key of binance" in action, action
    run.left_nothing("typed")


def secrets_that_cannot_be_lines_are_refused_and_not_repeated(desk):
    for secret in ("", "two\nlines", "typed\x00", "x" * 4097, "tab\there"):
        asked = {"UserId": "a", "Exchange": "binance", "ServiceUrl": NOBODY, "ApiKey": SecureString("k"),
                 "Secret": SecureString(secret)}
        run = Run(desk, asked, perfagg_or_skip())
        assert (run.exit, run.machine.started) == (2, []), secret
        run.left_nothing(*([secret] if secret else []))


def nobody_to_ask_is_an_error(desk):
    run = Run(desk, {"UserId": "a", "Exchange": "binance", "ServiceUrl": NOBODY}, perfagg_or_skip())
    assert run.exit == 2 and "use -CredentialFile" in run.error()[1], run.error()


def text_for_a_secret_works_and_is_warned_of(desk):
    stack, run = exchanged(desk, "typed")
    reads(stack, run)
    for name in ("ApiKey", "Secret"):
        assert sum(f"-{name} was given as text" in warning for warning in run.machine.warnings) == 1, run.machine.warnings
    _, hidden = exchanged(desk, "everything")
    assert not any("as text" in warning for warning in hidden.machine.warnings)


def a_perfagg_that_answers_strangely_is_told(desk):
    """It ends badly without a word that is known, it ends well with one that is not, or it is no program at all."""
    asked = {"UserId": "a", "Exchange": "binance", "ServiceUrl": NOBODY, "PerfaggPath": os.path.join(desk.directory, "perfagg")}
    for script, code, words, number in [
        ("cat >&2; exit 101", "PERFAGG_FAILED", "-Verbose shows what it said", 101),
        ("exec cat >/dev/null", "ANSWER_UNKNOWN_FORM", "perfagg revoke ends it", 1),
        ("cat >/dev/null; echo '{}'; echo '{}'", "ANSWER_UNKNOWN_FORM", "from one release", 1),
        (None, "PERFAGG_UNUSABLE", "no program for this machine", 1),
    ]:
        with open(asked["PerfaggPath"], "w", encoding="ascii") as file:
            file.write(f"#!/bin/sh\n{script}\n" if script else "nothing")
        os.chmod(asked["PerfaggPath"], 0o700)
        run = Run(desk, asked, answers=["typed-key", "typed-secret"])
        assert (run.exit, run.error()[0]) == (number, code) and words in run.error()[1], run.error()
        if code != "PERFAGG_FAILED":
            run.left_nothing("typed-key", "typed-secret")


def ctrl_c_ends_perfagg_and_wipes_what_was_typed(desk):
    asked = {"UserId": "a", "Exchange": "binance", "ServiceUrl": NOBODY, "PerfaggPath": os.path.join(desk.directory, "endless")}
    with open(asked["PerfaggPath"], "w", encoding="ascii") as file:
        file.write("#!/bin/sh\nexec sleep 600\n")
    os.chmod(asked["PerfaggPath"], 0o700)
    machine = Machine(SCRIPT, environment=dict(os.environ), answers=["typed-key", "typed-secret"], stopped=True)
    try:
        Interpreter(parse(desk.source), machine).run(asked)
    except Stopped:
        pass
    else:
        raise AssertionError("it did not wait")
    (process,) = machine.processes
    assert process.child.wait(10) == -9
    assert machine.errors == [] and not any(machine.streams[0].buffer)


TESTS = [
    ctrl_c_ends_perfagg_and_wipes_what_was_typed,
    text_for_a_secret_works_and_is_warned_of, a_perfagg_that_answers_strangely_is_told,
    a_registration_by_prompt_can_be_read_plainly, the_session_is_the_same_in_both_versions_of_powershell,
    every_parameter_reaches_perfagg, hostile_labels_arrive_as_they_are, a_wrong_key_is_refused_in_the_enclaves_words,
    a_key_that_can_withdraw_is_refused, a_trading_key_is_taken_when_asked_for_and_warned_of,
    a_service_that_is_not_there_is_told, an_enclave_without_hardware_is_refused_without_the_flag,
    plain_http_to_another_machine_is_refused, a_session_that_is_open_is_not_written_over_unasked,
    a_credential_file_is_sent_as_it_is, a_credential_file_with_three_lines_has_a_passphrase,
    what_cannot_be_meant_is_refused_before_anything_is_asked, without_perfagg_it_says_where_it_comes_from,
    on_windows_a_batch_file_is_no_perfagg, what_if_says_what_it_would_do_and_does_nothing,
    secrets_that_cannot_be_lines_are_refused_and_not_repeated, nobody_to_ask_is_an_error,
]
