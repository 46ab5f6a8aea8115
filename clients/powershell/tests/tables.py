"""What the script may use: what exists in Windows PowerShell 5.1 and in PowerShell 7 alike, and in .NET Framework 4.5.
Written by hand from Microsoft's reference of each cmdlet in both versions. Add to it only after looking there."""

COMMON = {"erroraction", "verbose", "warningaction", "errorvariable", "outvariable"}

# Cmdlet: parameters that it has in both.
CMDLETS = {
    "Add-Member": {"InputObject", "MemberType", "Name", "Value", "PassThru", "Force", "NotePropertyName",
                   "NotePropertyValue", "TypeName", "SecondValue"},
    "ConvertFrom-Json": {"InputObject"},
    "Get-Acl": {"Path", "LiteralPath", "Audit", "Filter", "Include", "Exclude", "InputObject"},
    "Get-Command": {"Name", "CommandType", "Module", "All", "Syntax", "TotalCount", "ArgumentList", "Verb", "Noun"},
    "Get-Item": {"Path", "LiteralPath", "Force", "Filter", "Include", "Exclude", "Credential"},
    "Join-Path": {"Path", "ChildPath", "Resolve", "Credential"},
    "New-Object": {"TypeName", "ArgumentList", "Property"},
    "Read-Host": {"Prompt", "AsSecureString"},
    "Select-Object": {"InputObject", "Property", "First", "Last", "Skip", "Unique", "Index", "Wait", "ExpandProperty"},
    "Set-StrictMode": {"Version", "Off"},
    "Start-Sleep": {"Seconds", "Milliseconds"},
    "Test-Path": {"Path", "LiteralPath", "PathType", "IsValid", "Filter", "Include", "Exclude"},
    "Write-Verbose": {"Message"},
    "Write-Warning": {"Message"},
}

# Of about_... "Approved Verbs for PowerShell Commands", those in both versions that a script like this needs.
VERBS = {"Add", "Assert", "Clear", "ConvertFrom", "ConvertTo", "Find", "Get", "Invoke", "Join", "New", "Read", "Register",
         "Remove", "Resolve", "Select", "Set", "Split", "Start", "Stop", "Test", "Wait", "Write"}

# Type: its static members, or nothing where it is only named.
TYPES = {
    "string": set(), "string[]": set(), "int": set(), "object": set(), "switch": set(), "hashtable": set(),
    "PSCustomObject": set(),
    "char": {"IsControl"},
    "datetime": {"Parse"},
    "System.Array": {"Clear"},
    "System.Environment": {"GetEnvironmentVariable", "OSVersion"},
    "System.Globalization.CultureInfo": {"InvariantCulture"},
    "System.Globalization.DateTimeStyles": {"RoundtripKind"},
    "System.IO.File": {"ReadAllBytes"},
    "System.IO.MemoryStream": set(),
    "System.Diagnostics.ProcessStartInfo": set(),
    "System.Management.Automation.PSMemberInfo[]": set(),
    "System.Runtime.InteropServices.Marshal": {"Copy", "SecureStringToBSTR", "ZeroFreeBSTR"},
    "System.Security.SecureString": set(),
    "System.Text.Encoding": {"Convert", "UTF8", "Unicode"},
}

# What New-Object may make.
MADE = {"char[]", "System.Diagnostics.Process", "System.Diagnostics.ProcessStartInfo", "System.InvalidOperationException",
        "System.IO.MemoryStream", "System.Management.Automation.ErrorRecord", "System.Management.Automation.PSPropertySet"}

# Members of objects of .NET and PowerShell, all in .NET Framework 4.5 and Windows PowerShell 5.1.
MEMBERS = {
    "BaseStream", "Capacity", "Clear", "Close", "ContainsKey", "Data", "Dispose", "EnvironmentVariables", "Exception",
    "ExitCode", "FullName", "GetBuffer", "GetBytes", "GetType", "GetUnresolvedProviderPathFromPSPath", "HasExited",
    "InvocationInfo", "InvocationName", "Keys", "Kill", "Length", "PSObject", "Path", "Platform", "Properties",
    "ReadToEndAsync", "Remove", "Result", "ScriptLineNumber", "SessionState", "ShouldProcess", "Sddl", "StandardError",
    "StandardInput", "StandardOutput", "Start", "StartInfo", "ToCharArray", "ToUniversalTime", "Trim", "Value",
    "WaitForExit", "Write", "WriteByte", "WriteError", "WriteTo",
}

# Properties that `New-Object -Property` may set.
PROPERTIES = {"Arguments", "FileName", "RedirectStandardError", "RedirectStandardInput", "RedirectStandardOutput",
              "StandardErrorEncoding", "StandardOutputEncoding", "UseShellExecute"}

# What the script reads of perfagg's answers, and of its own object. Real answers are read by it in the exchanges.
REPLY = {"account", "code", "detail", "development", "Development", "Enclave", "environment", "error", "expires_at",
         "fingerprint", "key_rights", "KeyRights", "lease_until", "measurement", "outcome", "service_url", "session_id",
         "title", "types", "venue", "verdict"}

# Of PowerShell itself; an assignment to one would change what it does.
AUTOMATIC = {"_", "args", "error", "event", "executioncontext", "false", "foreach", "host", "input", "iscoreclr", "islinux",
             "ismacos", "iswindows", "lastexitcode", "matches", "myinvocation", "null", "pid", "profile", "psboundparameters",
             "pscmdlet", "pscommandpath", "psitem", "psscriptroot", "psversiontable", "pwd", "sender", "shellid",
             "stacktrace", "switch", "this", "true"}
READ = {"_", "executioncontext", "false", "myinvocation", "null", "psboundparameters", "pscmdlet", "psscriptroot", "true"}

# Operators that Windows PowerShell 5.1 has.
OPERATORS = {"-and", "-or", "-not", "-eq", "-ne", "-gt", "-ge", "-lt", "-le", "-match", "-notmatch", "-like", "-is", "-isnot",
             "-replace", "-split", "-join", "=", "+=", "+", "-", "++", ","}
# Node types that only PowerShell 7 has.
SEVEN = {"ternary_expression", "null_coalesce_expression", "ternary_argument_expression", "null_coalesce_argument_expression"}
SEVEN_TOKENS = {"??", "??=", "?.", "?[", "&&", "||", "?"}

# Variables that hold secrets, and what writes to a person, a file or a stream that is read.
SECRETS = {"apikey", "secret", "passphrase", "characters", "character", "bytes", "byte", "text", "value", "stream",
           "credential", "pointer"}
WRITERS = {"write-verbose", "write-warning", "write-host", "write-output", "write-error", "write-information", "write-debug",
           "out-file", "set-content", "add-content", "out-host", "out-string"}
