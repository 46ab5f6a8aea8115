"""What can be said of the script from its text alone."""

import tree
from argv import arguments_of
from interpret import Interpreter, Machine
from lint import lint

HOSTILE = [
    "", " ", "plain", "two words", '"', '""', '\\', '\\\\', '\\"', '\\\\"', 'a\\', 'a b\\', 'C:\\Program Files\\x\\', "it's",
    'say "no"', '--label', '-x', '/c', '%PATH%', '^&|<>', '$(calc)', '`id`', "Zürich ₿ 币安人生 🦀", 'tab\there', '"a\\\\"b\\',
    '" --dangerous-development-root="x', "*?[a]", ";,()", "=",
]


def two_grammars_read_every_line(desk):
    for grammar in tree.GRAMMARS:
        assert tree.errors(tree.parse(desk.source, grammar)) == [], grammar


def the_lint_has_nothing_to_say(desk):
    assert lint(desk.source) == []


def the_lint_sees_what_is_planted(desk):
    """Each change is one that a hasty author might make; the words are those of the complaint."""
    source = desk.source.decode()
    at = "    $full = 1\n"
    anchor = "function Get-FullPath {\n    param ([string] $Path, [string] $Name)\n"
    assert source.count(anchor) == 1
    planted = {
        "    gci -Path $Path\n": "gci is no known cmdlet",
        "    Get-ChildItem -Path $Path\n": "Get-ChildItem is no known cmdlet",
        "    Get-Item $Path\n": "by its place",
        "    Get-Item -Path $Path -Encoding UTF8\n": "no parameter -Encoding",
        "    ConvertFrom-Json -InputObject $Path -AsHashtable\n": "no parameter -AsHashtable",
        "    Join-Path -Path $Path -ChildPath a -AdditionalChildPath b\n": "no parameter -AdditionalChildPath",
        "    $Path = $Name ? 1 : 2\n": "ternary_expression",
        "    $Path = $Name ?? 2\n": "null_coalesce_expression",
        "    Write-Verbose -Message a && Write-Verbose -Message b\n": "&&",
        "    $Secret = 1\n    Write-Host -Object $Secret\n": "Write-Host is no known cmdlet",
        "    $Secret = 1\n    Write-Verbose -Message $Secret\n": "writes the secret $Secret",
        "    $Secret = 1\n    $Path = \"a $Secret\"\n": "a secret in a text",
        "    $Path = [System.Text.Encoding]::UTF8.GetString($Path)\n": "leave a copy",
        "    $Path = [System.IO.Path]::GetFullPath($Path)\n": "the type System.IO.Path",
        "    $Path = [System.Text.Encoding]::Latin1\n": "[System.Text.Encoding]::Latin1",
        "    $Path = $Path.Frobnicate()\n": "the member Frobnicate",
        "    $Path = $Misspelt\n": "$Misspelt is set nowhere",
        "    $input = 1\n": "automatic variable $input",
        "    $Path = $IsWindows\n": "$IsWindows is set nowhere",
        "    $Path = New-Object -TypeName System.Net.WebClient\n": "no type System.Net.WebClient",
        "    $Path = '\u201c'\n": "not ASCII",
        "    $Path = 1 \n": "spaces at its end",
        at * 70: "has 7",
    }
    for text, words in planted.items():
        found = lint(source.replace(anchor, anchor + text).encode())
        assert any(words.lower() in complaint.lower() for complaint in found), f"{text!r} is not seen: {found}"
    for old, new, words in [
        ("function Find-Perfagg", "function Locate-Perfagg", "no approved verb"),
        (".PARAMETER Ttl\n", ".PARAMETER Life\n", "-Ttl is in the help or in the script"),
        (".NOTES\n", ".NOTE\n", ".NOTE in the help"),
        ("    [switch] $Direct,\n", "    [switch] $Direct,\n    [switch] $Undocumented,\n", "-Undocumented is in"),
        ("New-Object -TypeName System.Diagnostics.Process\n", "new-object -TypeName System.Diagnostics.Process\n", "written"),
        ("FileName = $Path;", "FileName = $Path; StandardInputEncoding = 1;", "the property StandardInputEncoding"),
    ]:
        assert source.count(old) == 1, old
        found = lint(source.replace(old, new).encode())
        assert any(words.lower() in complaint.lower() for complaint in found), f"{new!r} is not seen: {found}"


def the_reader_of_arguments_goes_by_the_published_rules(_desk):
    # The examples of "Parsing C command-line arguments" in Microsoft's reference.
    for line, expected in [
        (r'"a b c" d e', ["a b c", "d", "e"]),
        (r'"ab\"c" "\\" d', ['ab"c', "\\", "d"]),
        (r'a\\\b d"e f"g h', [r"a\\\b", "de fg", "h"]),
        (r'a\\\"b c d', [r'a\"b', "c", "d"]),
        (r'a\\\\"b c" d e', [r"a\\b c", "d", "e"]),
        (r'a"b"" c d', ['ab" c d']),
    ]:
        assert arguments_of(line) == expected, line


def what_is_quoted_is_read_back_as_it_was(desk):
    interpreter = Interpreter(tree.parse(desk.source), Machine("register-user.ps1"))
    quoted = [interpreter.function("ConvertTo-QuotedArgument", {"Value": value})[0] for value in HOSTILE]
    assert arguments_of(" ".join(quoted)) == HOSTILE


def every_exit_code_of_perfagg_is_in_the_help(desk):
    page = desk.source.decode()
    notes = page[page.index(".NOTES"):page.index(".LINK")]
    for code in ("0", "1", "2", "3", "4", "5", "6", "130"):
        assert any(line.split()[:1] == [code] for line in notes.splitlines()), code


TESTS = [two_grammars_read_every_line, the_lint_has_nothing_to_say, the_lint_sees_what_is_planted,
         the_reader_of_arguments_goes_by_the_published_rules, what_is_quoted_is_read_back_as_it_was,
         every_exit_code_of_perfagg_is_in_the_help]
