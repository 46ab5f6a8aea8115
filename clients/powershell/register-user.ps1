#Requires -Version 5.1

<#
.SYNOPSIS
Verifies an enclave, registers an exchange account with it, and returns the session.

.DESCRIPTION
The key of an exchange account is sealed to a program that was verified first. Whoever is on the way, the service's
operator included, sees sealed bytes only. The program perfagg does it; this script runs perfagg, and gives it key and
secret through its standard input, never as arguments and never in the environment.

The session is opened for plain reads (bearer): whoever has its id can read the figures, and whoever ends TLS on the way
sees them. Keep the id like a password. The returned object does not show it on the screen: it is the member SessionId.

Use a key that can read and do nothing else. One that can withdraw or transfer is refused.
.PARAMETER UserId
Your label for yourself; it gives no rights.
.PARAMETER Exchange
Which exchange, such as binance.
.PARAMETER ApiKey
The API key: a SecureString, or text in quotes, which works and is warned of. Asked for, hidden, when absent.
.PARAMETER Secret
The secret of the key: a SecureString, or text in quotes, which works and is warned of. Asked for, hidden, when absent.
.PARAMETER ServiceUrl
Where the enclave or its main service is: https://HOST, or http://localhost:PORT on this machine.
.PARAMETER Secure
Says that the enclave must be verified before anything is sent. That is always so; -Secure:$false is refused.
.PARAMETER Passphrase
The passphrase of the key, for exchanges that have one: a SecureString, or text in quotes, which is warned of.
.PARAMETER AccountType
Account types to read, such as spot. All that the key can read when absent.
.PARAMETER Sandbox
The exchange's test network.
.PARAMETER Ttl
Life of the session, from 5m to 7d: 24h, 90m, 7d or seconds. 24h when absent.
.PARAMETER Label
Your label for the account.
.PARAMETER CredentialFile
A file with the key on its first line, the secret on its second and, if there is one, the passphrase on its third.
Keep it readable by yourself alone.
.PARAMETER AcceptTradingKey
Accept a key that can trade too; every figure will say so.
.PARAMETER Policy
A file with the policy to verify the enclave by, instead of the one built into perfagg.
.PARAMETER DangerousDevelopmentRoot
A PEM file: accept development evidence under this root. It proves nothing about hardware.
.PARAMETER SessionFile
Where perfagg keeps the session, so that perfagg summary and perfagg revoke find it. Its own place when absent.
.PARAMETER Replace
Write over a session that is still open in that file; it ends by itself.
.PARAMETER Direct
Refuse unless TLS ends in the enclave itself, with nobody in between.
.PARAMETER PerfaggPath
The program perfagg. When absent it is looked for on the PATH, then beside this script.

.OUTPUTS
PerfAggregator.Session: SessionId, ExpiresAt (UTC), ServiceUrl, UserId, Environment, Exchange, Account, AccountType,
KeyRights, KeyWipedBy (UTC), Measurement, Development, and Enclave: all that was verified, as perfagg attest tells it.

.EXAMPLE
$session = .\register-user.ps1 -UserId alice -Exchange binance -ServiceUrl https://enclave.example -Secure
Invoke-RestMethod "$($session.ServiceUrl)/enclave/summary/$($session.SessionId)"

Asks for key and secret, registers, and reads the headline.

.EXAMPLE
.\register-user.ps1 -UserId alice -Exchange binance -ServiceUrl https://enclave.example -WhatIf

Says what would be done. Nothing is sent, and no key is asked for.

.EXAMPLE
.\register-user.ps1 -UserId me -Exchange binance -ServiceUrl http://localhost:5000 -DangerousDevelopmentRoot root.pem

Registers with the demo, whose evidence proves nothing about hardware.

.NOTES
Exit codes, in $LASTEXITCODE and of powershell -File, are those of perfagg:

    0  registered; or nothing was to be done (-WhatIf, -Confirm)
    1  PowerShell, this script or perfagg itself failed
    2  not understood, or something is missing: perfagg among others
    3  not verified: evidence or an answer was refused, do not use the service
    4  the enclave refused: a key, its rights, a value
    5  there is no usable session file
    6  not reachable, rate limited, or no word of the enclave: try later
  130  perfagg was interrupted

A failure is written to the error stream. With -ErrorAction Stop it is thrown instead, and its exception's
Data['ExitCode'] has the code. Ctrl-C ends perfagg too; a session that was opened by then ends by itself.

The variables PERFAGG_API_KEY, PERFAGG_API_SECRET and PERFAGG_PASSPHRASE are kept from perfagg, which would prefer them.

.LINK
docs/powershell.md
#>
[CmdletBinding(PositionalBinding = $false, SupportsShouldProcess = $true)]
[OutputType('PerfAggregator.Session')]
param (
    [Parameter(Mandatory = $true)] [ValidateNotNullOrEmpty()] [string] $UserId,
    [Parameter(Mandatory = $true)] [ValidateNotNullOrEmpty()] [string] $Exchange,
    [object] $ApiKey,
    [object] $Secret,
    [Parameter(Mandatory = $true)] [ValidateNotNullOrEmpty()] [string] $ServiceUrl,
    [switch] $Secure,
    [object] $Passphrase,
    [string[]] $AccountType,
    [switch] $Sandbox,
    [string] $Ttl,
    [string] $Label,
    [string] $CredentialFile,
    [switch] $AcceptTradingKey,
    [string] $Policy,
    [string] $DangerousDevelopmentRoot,
    [string] $SessionFile,
    [switch] $Replace,
    [switch] $Direct,
    [string] $PerfaggPath
)

Set-StrictMode -Version 2.0

# An exception that carries the code this script ends with.
function Get-Failure {
    param ([string] $Message, [int] $ExitCode = 2, [string] $Code = 'USAGE')
    $failure = New-Object -TypeName System.InvalidOperationException -ArgumentList $Message
    $failure.Data['ExitCode'] = $ExitCode
    $failure.Data['Code'] = $Code
    return $failure
}

# What stands against the request before anything is asked for or sent. No message repeats a value.
function Assert-Request {
    param ([hashtable] $Request)
    if ($Request.ContainsKey('Secure') -and -not $Request['Secure']) {
        throw (Get-Failure -Message '-Secure:$false cannot be had: the enclave is verified before anything is sent.')
    }
    foreach ($name in @('ApiKey', 'Secret', 'Passphrase')) {
        if ($Request.ContainsKey($name)) {
            if ($Request.ContainsKey('CredentialFile')) {
                throw (Get-Failure -Message "-$name and -CredentialFile exclude each other: the file holds it all.")
            }
            if ($Request[$name] -isnot [string] -and $Request[$name] -isnot [System.Security.SecureString]) {
                throw (Get-Failure -Message "-$name takes a SecureString, or text in quotes: this is neither.")
            }
        }
    }
}

# One argument, written so that a program on Windows reads it back as it was (the rules of CommandLineToArgvW). Where it
# is not Windows, .NET splits by the same rules.
function ConvertTo-QuotedArgument {
    param ([string] $Value)
    $escaped = $Value -replace '(\\*)"', '$1$1\"'
    $escaped = $escaped -replace '(\\+)\z', '$1$1'
    return '"' + $escaped + '"'
}

# The arguments of perfagg. Values are joined to their option, so that one beginning with a dash is no option.
function Get-PerfaggArgument {
    param ([hashtable] $Request)
    $list = @('register', '--json', '--verdict', '--bearer')
    $options = @(
        @('UserId', '--user-id'), @('Exchange', '--exchange'), @('ServiceUrl', '--service-url'),
        @('AccountType', '--account-type'), @('Sandbox', '--sandbox'), @('Ttl', '--ttl'), @('Label', '--label'),
        @('AcceptTradingKey', '--accept-trading-key'), @('Policy', '--policy'),
        @('DangerousDevelopmentRoot', '--dangerous-development-root'), @('SessionFile', '--session-file'),
        @('Replace', '--replace'), @('Direct', '--direct')
    )
    foreach ($option in $options) {
        foreach ($value in @($Request[$option[0]])) {
            if ($value -is [string]) {
                if ($value.Length -gt 1024 -or $value -match '[\x00-\x1f\x7f]') {
                    throw (Get-Failure -Message "-$($option[0]) takes one line of at most 1024 characters.")
                }
                $list += $option[1] + '=' + $value
            } elseif ($value) {
                $list += $option[1]
            }
        }
    }
    return $list
}

# A path as programs understand it, who know nothing of PowerShell's own current location.
function Get-FullPath {
    param ([string] $Path, [string] $Name)
    try {
        return $ExecutionContext.SessionState.Path.GetUnresolvedProviderPathFromPSPath($Path)
    } catch {
        throw (Get-Failure -Message "-$Name is no path on this machine.")
    }
}

# Where perfagg is: as named, on the PATH, or beside this script. A batch file is none: it would read arguments twice.
function Find-Perfagg {
    param ([string] $Path, [string] $Beside)
    $name = 'perfagg'
    if ([System.Environment]::OSVersion.Platform -eq 'Win32NT') {
        $name = 'perfagg.exe'
    }
    if ($Path) {
        $found = Get-FullPath -Path $Path -Name 'PerfaggPath'
    } else {
        $onPath = Get-Command -Name $name -CommandType Application -ErrorAction SilentlyContinue |
            Select-Object -First 1
        if ($onPath) {
            return $onPath.Path
        }
        $found = Join-Path -Path $Beside -ChildPath $name
    }
    if ((Test-Path -LiteralPath $found -PathType Leaf) -and ($name -eq 'perfagg' -or $found -like '*.exe')) {
        return $found
    }
    throw (Get-Failure -Code 'PERFAGG_MISSING' -Message (
            "the program $name is missing. It comes from where this script comes from: in that repository, " +
            'cargo install --locked --path clients/rust puts it on the PATH. Or put it beside this script, or give ' +
            '-PerfaggPath.'))
}

# The characters of a SecureString or a text, in an array that its user clears.
function Get-SecretCharacter {
    param ([object] $Value)
    if ($Value -is [string]) {
        return , $Value.ToCharArray()
    }
    $pointer = [System.Runtime.InteropServices.Marshal]::SecureStringToBSTR($Value)
    try {
        $characters = New-Object -TypeName 'char[]' -ArgumentList $Value.Length
        [System.Runtime.InteropServices.Marshal]::Copy($pointer, $characters, 0, $Value.Length)
        return , $characters
    } finally {
        [System.Runtime.InteropServices.Marshal]::ZeroFreeBSTR($pointer)
    }
}

# Adds one credential to what perfagg will read: a line of UTF-8.
function Add-SecretLine {
    param ([System.IO.MemoryStream] $Stream, [object] $Value, [string] $Name)
    $characters = Get-SecretCharacter -Value $Value
    try {
        if ($characters.Length -lt 1 -or $characters.Length -gt 4096) {
            throw (Get-Failure -Message "the $Name has 1 to 4096 characters.")
        }
        foreach ($character in $characters) {
            if ([char]::IsControl($character)) {
                throw (Get-Failure -Message "the $Name has a control character. To paste at the prompt, right-click.")
            }
        }
        $bytes = [System.Text.Encoding]::UTF8.GetBytes($characters, 0, $characters.Length)
        $Stream.Write($bytes, 0, $bytes.Length)
        $Stream.WriteByte(10)
        [System.Array]::Clear($bytes, 0, $bytes.Length)
    } finally {
        [System.Array]::Clear($characters, 0, $characters.Length)
    }
}

# Warns when others on this machine can read a file of credentials.
function Write-ExposureWarning {
    param ([string] $Path)
    $exposed = $false
    try {
        if ([System.Environment]::OSVersion.Platform -eq 'Win32NT') {
            # Everyone, authenticated users, all users of this machine.
            $exposed = (Get-Acl -LiteralPath $Path -ErrorAction Stop).Sddl -match '\(A;[^)]*;(WD|AU|BU)\)'
        } else {
            $mode = (Get-Item -LiteralPath $Path -Force -ErrorAction Stop).PSObject.Properties['UnixMode']
            $exposed = $null -ne $mode -and $mode.Value -notmatch '------\z'
        }
    } catch {
        Write-Verbose -Message 'The permissions of the credential file could not be read.'
    }
    if ($exposed) {
        Write-Warning -Message 'Others on this machine can read the credential file: make it readable to you alone.'
    }
}

# Adds the lines of a file, which perfagg reads as they are. True if there are three: then there is a passphrase.
function Add-CredentialFile {
    param ([System.IO.MemoryStream] $Stream, [string] $Path)
    try {
        $bytes = [System.IO.File]::ReadAllBytes($Path)
    } catch {
        throw (Get-Failure -Message 'the credential file cannot be read: check -CredentialFile.')
    }
    $text = $bytes
    try {
        # What Windows PowerShell and Notepad write may be UTF-16.
        if ($bytes.Length -ge 2 -and $bytes[0] -eq 255 -and $bytes[1] -eq 254) {
            $text = [System.Text.Encoding]::Convert(
                [System.Text.Encoding]::Unicode, [System.Text.Encoding]::UTF8, $bytes, 2, $bytes.Length - 2)
        }
        $lines = 0
        $inLine = $false
        foreach ($byte in $text) {
            if ($byte -eq 10) {
                $inLine = $false
            } elseif ($byte -ne 13 -and -not $inLine) {
                $inLine = $true
                $lines++
            }
        }
        if ($text.Length -gt 16384 -or $lines -lt 2 -or $lines -gt 3) {
            throw (Get-Failure -Message 'the credential file has two or three lines: key, secret, passphrase.')
        }
        $Stream.Write($text, 0, $text.Length)
        return ($lines -eq 3)
    } finally {
        [System.Array]::Clear($bytes, 0, $bytes.Length)
        [System.Array]::Clear($text, 0, $text.Length)
    }
}

# Adds every credential, from where the request has it, or from a prompt. True if there is a passphrase.
function Add-Credential {
    param ([System.IO.MemoryStream] $Stream, [hashtable] $Request)
    if ($Request.ContainsKey('CredentialFile')) {
        Write-ExposureWarning -Path $Request['CredentialFile']
        return (Add-CredentialFile -Stream $Stream -Path $Request['CredentialFile'])
    }
    $exchange = $Request['Exchange']
    $parts = @('ApiKey', 'Secret')
    if ($Request.ContainsKey('Passphrase')) {
        $parts += 'Passphrase'
    }
    foreach ($name in $parts) {
        if (-not $Request.ContainsKey($name)) {
            try {
                $value = Read-Host -Prompt "$name of $exchange, not shown" -AsSecureString -ErrorAction Stop
            } catch {
                throw (Get-Failure -Message "there is no $name, and nobody can be asked here: use -CredentialFile.")
            }
        } else {
            $value = $Request[$name]
        }
        if ($value -is [string]) {
            Write-Warning -Message (
                "-$name was given as text. It may stand in the history, in PSReadLine's file of it, in logs and in " +
                'the list of processes. Leave it out to be asked, or give a SecureString.')
        }
        Add-SecretLine -Stream $Stream -Value $value -Name $name
    }
    return ($parts.Length -eq 3)
}

# How perfagg is started: with pipes for what goes in and out, and without credentials in its environment.
function Get-StartInfo {
    param ([string] $Path, [string[]] $ArgumentList)
    $quoted = @()
    foreach ($argument in $ArgumentList) {
        $quoted += ConvertTo-QuotedArgument -Value $argument
    }
    $start = New-Object -TypeName System.Diagnostics.ProcessStartInfo -Property @{
        FileName = $Path; Arguments = $quoted -join ' '; UseShellExecute = $false
        RedirectStandardInput = $true; RedirectStandardOutput = $true; RedirectStandardError = $true
        StandardOutputEncoding = [System.Text.Encoding]::UTF8; StandardErrorEncoding = [System.Text.Encoding]::UTF8
    }
    foreach ($name in @('PERFAGG_API_KEY', 'PERFAGG_API_SECRET', 'PERFAGG_PASSPHRASE')) {
        if ($null -ne [System.Environment]::GetEnvironmentVariable($name)) {
            $start.EnvironmentVariables.Remove($name)
        }
    }
    return $start
}

# Runs perfagg to its end. It goes when this script is stopped.
function Invoke-Perfagg {
    param ([System.Diagnostics.ProcessStartInfo] $StartInfo, [System.IO.MemoryStream] $Credential)
    $process = New-Object -TypeName System.Diagnostics.Process
    $process.StartInfo = $StartInfo
    try {
        $null = $process.Start()
    } catch {
        throw (Get-Failure -ExitCode 1 -Code 'PERFAGG_UNUSABLE' -Message (
                'perfagg cannot be started: it is no program for this machine, or may not be run.'))
    }
    try {
        # Both at once: a pipe that nobody empties would hold perfagg up.
        $output = $process.StandardOutput.ReadToEndAsync()
        $complaint = $process.StandardError.ReadToEndAsync()
        try {
            # Bytes, not text: the console's encoding has no say.
            $Credential.WriteTo($process.StandardInput.BaseStream)
            $process.StandardInput.Close()
        } catch {
            Write-Verbose -Message 'perfagg ended before it had read everything.'
        }
        # Not one long wait: Ctrl-C is heard between two short ones.
        while (-not $process.HasExited) {
            Start-Sleep -Milliseconds 50
        }
        $process.WaitForExit()
        return @{ ExitCode = $process.ExitCode; Output = $output.Result; Complaint = $complaint.Result }
    } finally {
        if (-not $process.HasExited) {
            $process.Kill()
        }
        $process.Dispose()
    }
}

# The failure that perfagg told, in its own words.
function Get-PerfaggFailure {
    param ([int] $ExitCode, [string] $Complaint)
    try {
        $last = ($Complaint.Trim() -split '\r?\n')[-1]
        $told = (ConvertFrom-Json -InputObject $last -ErrorAction Stop).error
        $code = [string] $told.code
        $message = "$($told.title). $($told.detail)"
    } catch {
        Write-Verbose -Message "perfagg said: $Complaint"
        $code = 'PERFAGG_FAILED'
        $message = "perfagg ended with code $ExitCode and no word that this script knows: -Verbose shows what it said."
    }
    if ($message -match '--replace') {
        $message += ' Here these options are -Replace and -SessionFile.'
    }
    return (Get-Failure -ExitCode $ExitCode -Code $code -Message $message)
}

# An instant in UTC. PowerShell 7 makes one of every text in JSON that looks like one; Windows PowerShell does not.
function ConvertTo-UtcTime {
    param ([object] $Value)
    if ($Value -is [datetime]) {
        return $Value.ToUniversalTime()
    }
    $style = [System.Globalization.DateTimeStyles]::RoundtripKind
    return [datetime]::Parse($Value, [System.Globalization.CultureInfo]::InvariantCulture, $style).ToUniversalTime()
}

# The session, from the two lines that perfagg printed: what was verified, and what the enclave sealed.
function ConvertTo-Session {
    param ([string] $Output, [string] $UserId)
    $lines = $Output.Trim() -split '\r?\n'
    $verdict = ConvertFrom-Json -InputObject $lines[0] -ErrorAction Stop
    $opened = ConvertFrom-Json -InputObject $lines[1] -ErrorAction Stop
    $session = [PSCustomObject] @{
        PSTypeName  = 'PerfAggregator.Session'
        SessionId   = $opened.session_id
        ExpiresAt   = ConvertTo-UtcTime -Value $opened.expires_at
        ServiceUrl  = $verdict.service_url
        UserId      = $UserId
        Environment = $opened.environment
        Exchange    = $opened.account.venue
        Account     = $opened.account.fingerprint
        AccountType = @($opened.account.types)
        KeyRights   = $opened.key_rights
        KeyWipedBy  = ConvertTo-UtcTime -Value $opened.lease_until
        Measurement = $verdict.measurement
        Development = $verdict.development
        Enclave     = $verdict
    }
    # Without its id, which would stand on the screen and in transcripts.
    [string[]] $shown = @('ServiceUrl', 'UserId', 'Exchange', 'Account', 'AccountType', 'Environment', 'ExpiresAt',
        'Measurement', 'Development')
    $display = New-Object -TypeName System.Management.Automation.PSPropertySet -ArgumentList (
        'DefaultDisplayPropertySet', $shown)
    $members = [System.Management.Automation.PSMemberInfo[]] @($display)
    Add-Member -InputObject $session -MemberType MemberSet -Name PSStandardMembers -Value $members
    return $session
}

# What else to say of a session that was opened.
function Write-SessionWarning {
    param ([object] $Session)
    if ($Session.Enclave.outcome -eq 'amber') {
        Write-Warning -Message 'AMBER: the platform lacks patches; the policy accepts that for now: see perfagg attest.'
    }
    if ($Session.KeyRights.verdict -ne 'read_only') {
        Write-Warning -Message 'The key is not known to be read-only: every figure will say so.'
    }
}

# Everything after the user agreed: credentials, perfagg, the session.
function Register-User {
    param ([hashtable] $Request, [string] $Perfagg, [string[]] $ArgumentList)
    if ($Request.ContainsKey('DangerousDevelopmentRoot')) {
        Write-Warning -Message (
            'DEVELOPMENT EVIDENCE is accepted: it proves nothing about hardware. Whoever runs such an enclave can ' +
            'read what is sent to it: never give it the key of a real account.')
    }
    # Large enough never to move and leave a copy behind.
    $credential = New-Object -TypeName System.IO.MemoryStream -ArgumentList 65536
    try {
        if (Add-Credential -Stream $credential -Request $Request) {
            $ArgumentList += '--passphrase'
        }
        Write-Verbose -Message "Running $Perfagg $($ArgumentList -join ' ')"
        $start = Get-StartInfo -Path $Perfagg -ArgumentList $ArgumentList
        $ran = Invoke-Perfagg -StartInfo $start -Credential $credential
    } finally {
        [System.Array]::Clear($credential.GetBuffer(), 0, $credential.Capacity)
    }
    if ($ran['ExitCode'] -ne 0) {
        throw (Get-PerfaggFailure -ExitCode $ran['ExitCode'] -Complaint $ran['Complaint'])
    }
    try {
        return (ConvertTo-Session -Output $ran['Output'] -UserId $Request['UserId'])
    } catch {
        throw (Get-Failure -ExitCode 1 -Code 'ANSWER_UNKNOWN_FORM' -Message (
                'the session was opened, and perfagg told of it in a form that this script does not know: take both ' +
                'from one release. perfagg summary reads it, perfagg revoke ends it.'))
    }
}

if ($MyInvocation.InvocationName -eq '.') {
    throw 'Run this script, do not dot-source it: it ends with an exit code, and would end PowerShell.'
}

$exitCode = 0
$session = $null
try {
    $request = @{}
    foreach ($name in $PSBoundParameters.Keys) {
        $request[$name] = $PSBoundParameters[$name]
    }
    foreach ($name in @('CredentialFile', 'Policy', 'DangerousDevelopmentRoot', 'SessionFile')) {
        if ($request.ContainsKey($name)) {
            $request[$name] = Get-FullPath -Path $request[$name] -Name $name
        }
    }
    if ($AccountType) {
        # powershell -File gives a list as one text.
        $request['AccountType'] = $AccountType -split '\s*,\s*'
    }
    Assert-Request -Request $request
    $arguments = Get-PerfaggArgument -Request $request
    $perfagg = Find-Perfagg -Path $PerfaggPath -Beside $PSScriptRoot
    $action = "Verify the enclave with $perfagg; then seal a key of $Exchange to it, and open a session for $UserId"
    if ($PSCmdlet.ShouldProcess($ServiceUrl, $action)) {
        $session = Register-User -Request $request -Perfagg $perfagg -ArgumentList $arguments
        Write-SessionWarning -Session $session
    }
} catch {
    $failure = $_.Exception
    if ($null -eq $failure.Data['ExitCode']) {
        # Its own words might hold what was typed.
        $failure = Get-Failure -ExitCode 1 -Code 'INTERNAL' -Message (
            "this script failed at its line $($_.InvocationInfo.ScriptLineNumber) ($($failure.GetType().FullName)).")
    }
    $exitCode = $failure.Data['ExitCode']
    $record = New-Object -TypeName System.Management.Automation.ErrorRecord -ArgumentList (
        $failure, $failure.Data['Code'], 'NotSpecified', $null)
    $PSCmdlet.WriteError($record)
}
if ($null -ne $session) {
    $session
}
exit $exitCode
