"""How a program on Windows reads its arguments: the documented rules of CommandLineToArgvW, for what comes after the
name of the program. Written from the rules, not from the script: 2n backslashes and a quote are n backslashes and a
delimiter, 2n+1 and a quote are n backslashes and a quote, two quotes within quotes are one."""


def arguments_of(line):
    arguments, at = [], 0
    while at < len(line):
        if line[at] in " \t":
            at += 1
            continue
        word, quoted = [], False
        while at < len(line) and (quoted or line[at] not in " \t"):
            slashes = 0
            while at < len(line) and line[at] == "\\":
                slashes, at = slashes + 1, at + 1
            if at < len(line) and line[at] == '"':
                word.append("\\" * (slashes // 2))
                if slashes % 2:
                    word.append('"')
                elif quoted and line[at + 1:at + 2] == '"':
                    word.append('"')
                    at += 1
                else:
                    quoted = not quoted
                at += 1
                continue
            word.append("\\" * slashes)
            if at < len(line) and (quoted or line[at] not in " \t"):
                word.append(line[at])
                at += 1
        arguments.append("".join(word))
    return arguments
