# Behind DRIVER, the text of driver.py: runs it. Compiling leaves a megabyte in the process that
# does it, so a child does, and hands the code over.
def load(text):
    import marshal
    import posix
    ours, theirs = posix.pipe()
    try:
        child = posix.fork()
    except OSError:
        return compile(text, __file__, "exec")
    if child == 0:
        data = marshal.dumps(compile(text, __file__, "exec"))
        while data:
            data = data[posix.write(theirs, data):]
        posix._exit(0)
    posix.close(theirs)
    parts = []
    while part := posix.read(ours, 65536):
        parts.append(part)
    posix.close(ours)
    posix.waitpid(child, 0)
    if not parts:  # the child was killed: a limit
        return compile(text, __file__, "exec")
    return marshal.loads(b"".join(parts))


exec(load(globals().pop("DRIVER")), globals())
