"""The script in a real PowerShell, where there is one."""

import json
import os
import shutil
import subprocess

from run import SCRIPT, Skip


def shell():
    found = shutil.which("pwsh") or shutil.which("powershell")
    if not found:
        raise Skip("no PowerShell here")
    return found


def ran(command, **more):
    """What a PowerShell made of a command."""
    words = [shell(), "-NoProfile", "-NonInteractive", "-ExecutionPolicy", "Bypass", "-Command", command]
    return subprocess.run(words, capture_output=True, text=True, timeout=300, stdin=subprocess.DEVNULL, check=False, **more)


def quoted(text):
    return "'" + text.replace("'", "''") + "'"


def asked(desk, file, *more):
    stack = desk.stack()
    root = os.path.join(os.path.dirname(SCRIPT), "../../trusted/attestation/development-root.pem")
    name = "perfagg.exe" if os.name == "nt" else "perfagg"
    words = ["&", quoted(SCRIPT), "-UserId", quoted("real \"shell\" \\"), "-Exchange", "binance", "-ServiceUrl", stack.main,
             "-CredentialFile", quoted(file), "-DangerousDevelopmentRoot", quoted(root), "-Replace",
             "-SessionFile", quoted(os.path.join(desk.directory, "native.json")),
             "-PerfaggPath", quoted(os.path.join(stack.programs, name)), *more]
    return " ".join(words)


def credentials(desk, key, secret):
    path = os.path.join(desk.directory, "native-key.txt")
    with open(path, "w", encoding="utf-8") as file:
        file.write(f"{key}\n{secret}\n")
    os.chmod(path, 0o600)
    return path


def a_real_powershell_registers_and_reads(desk):
    shell()
    stack = desk.stack()
    file = credentials(desk, stack.key, stack.secret)
    read = 'Invoke-RestMethod "$($s.ServiceUrl)/enclave/summary/$($s.SessionId)" | ConvertTo-Json -Depth 20'
    done = ran(f"$s = {asked(desk, file)}; if ($LASTEXITCODE) {{ exit $LASTEXITCODE }}; {read}")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["session_id"], done.stdout
    shown = ran(asked(desk, file)).stdout
    assert "Measurement" in shown and "SessionId" not in shown, shown


def a_real_powershell_gives_the_exit_code_of_a_refusal(desk):
    shell()
    stack = desk.stack()
    file = credentials(desk, "x" * 64, stack.secret)
    done = ran(f"{asked(desk, file)}; exit $LASTEXITCODE")
    assert done.returncode == 4 and stack.secret not in done.stdout + done.stderr, done.stderr
    thrown = ran(f"try {{ {asked(desk, file, '-ErrorAction', 'Stop')} }} catch {{ exit 40 + $_.Exception.Data['ExitCode'] }}")
    assert thrown.returncode == 44, thrown.stderr


def a_real_powershell_shows_the_help(desk):
    shell()
    done = ran(f"$h = Get-Help -Full {quoted(SCRIPT)}; $h.Synopsis; ($h.parameters.parameter | Measure-Object).Count")
    assert "Verifies an enclave" in done.stdout, done.stdout + done.stderr
    del desk


TESTS = [a_real_powershell_registers_and_reads, a_real_powershell_gives_the_exit_code_of_a_refusal,
         a_real_powershell_shows_the_help]
