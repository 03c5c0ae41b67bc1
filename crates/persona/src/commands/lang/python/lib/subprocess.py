import posix as _posix

PIPE = -1
STDOUT = -2
DEVNULL = -3

class SubprocessError(Exception):
    pass

class CalledProcessError(SubprocessError):
    def __init__(self, returncode, cmd, output=None, stderr=None):
        self.returncode = returncode
        self.cmd = cmd
        self.output = output
        self.stdout = output
        self.stderr = stderr
    def __str__(self):
        if self.returncode < 0:
            return 'Command %r died with <Signals.SIG%d: %d>.' % (self.cmd, -self.returncode, -self.returncode)
        return 'Command %r returned non-zero exit status %d.' % (self.cmd, self.returncode)

class TimeoutExpired(SubprocessError):
    def __init__(self, cmd, timeout, output=None, stderr=None):
        self.cmd = cmd
        self.timeout = timeout
    def __str__(self):
        return "Command '%s' timed out after %s seconds" % (self.cmd, self.timeout)

for _c in (SubprocessError, CalledProcessError, TimeoutExpired):
    _c.__module__ = 'subprocess'

class CompletedProcess:
    def __init__(self, args, returncode, stdout=None, stderr=None):
        self.args = args
        self.returncode = returncode
        self.stdout = stdout
        self.stderr = stderr
    def __repr__(self):
        out = 'CompletedProcess(args=%r, returncode=%r' % (self.args, self.returncode)
        if self.stdout is not None:
            out += ', stdout=%r' % (self.stdout,)
        if self.stderr is not None:
            out += ', stderr=%r' % (self.stderr,)
        return out + ')'
    def check_returncode(self):
        if self.returncode:
            raise CalledProcessError(self.returncode, self.args, self.stdout, self.stderr)

def _fd(x):
    if x is None or isinstance(x, int):
        return x
    return x.fileno()

class Popen:
    def __init__(self, args, bufsize=-1, executable=None, stdin=None, stdout=None, stderr=None, preexec_fn=None, close_fds=True, shell=False, cwd=None, env=None, universal_newlines=None, startupinfo=None, creationflags=0, restore_signals=True, start_new_session=False, pass_fds=(), *, text=None, encoding=None, errors=None, user=None, group=None):
        self.args = args
        self.returncode = None
        import sys
        sys.stdout.flush()
        if shell:
            line = args if isinstance(args, (str, bytes)) else args[0]
            words = [executable or '/bin/sh', '-c', line]
        elif isinstance(args, (str, bytes)):
            words = [args]
        else:
            words = list(args)
        self._text = bool(text or encoding or errors or universal_newlines)
        self.stdin = self.stdout = self.stderr = None
        mine = []
        theirs = []
        fds = [_fd(stdin), _fd(stdout), _fd(stderr)]
        null = None
        for i in range(3):
            if fds[i] == PIPE:
                r, w = _posix.pipe()
                own, other = (w, r) if i == 0 else (r, w)
                fds[i] = other
                theirs.append(other)
                mode = ('w' if i == 0 else 'r') + ('' if self._text else 'b')
                f = open(own, mode)
                if i == 0:
                    self.stdin = f
                elif i == 1:
                    self.stdout = f
                else:
                    self.stderr = f
            elif fds[i] == DEVNULL:
                fds[i] = _posix.open('/dev/null', 2, 0)
                theirs.append(fds[i])
        if fds[2] == STDOUT:
            fds[2] = 1 if fds[1] is None else fds[1]
        if env is not None and not isinstance(env, dict):
            env = env.copy()
        try:
            self.pid = _posix.spawn(words, env, cwd, fds[0], fds[1], fds[2])
        finally:
            for fd in theirs:
                _posix.close(fd)
    def poll(self):
        return self.returncode
    def wait(self, timeout=None):
        if self.returncode is None:
            status = _posix.wait(self.pid)
            self.returncode = status >> 8 if status & 127 == 0 else -(status & 127)
        return self.returncode
    def communicate(self, input=None, timeout=None):
        if self.stdin:
            if input:
                self.stdin.write(input)
            self.stdin.close()
        out = self.stdout.read() if self.stdout else None
        err = self.stderr.read() if self.stderr else None
        if self.stdout:
            self.stdout.close()
        if self.stderr:
            self.stderr.close()
        self.wait()
        return (out, err)
    def send_signal(self, sig):
        _posix.kill(self.pid, sig)
    def kill(self):
        self.send_signal(9)
    def terminate(self):
        self.send_signal(15)
    def __enter__(self):
        return self
    def __exit__(self, *a):
        if self.stdin:
            self.stdin.close()
        self.wait()
    def __repr__(self):
        return '<Popen: returncode: %s args: %r>' % (self.returncode, self.args)

def run(*popenargs, input=None, capture_output=False, timeout=None, check=False, **kw):
    if input is not None:
        kw['stdin'] = PIPE
    if capture_output:
        kw['stdout'] = PIPE
        kw['stderr'] = PIPE
    p = Popen(*popenargs, **kw)
    out, err = p.communicate(input)
    if check and p.returncode:
        raise CalledProcessError(p.returncode, p.args, out, err)
    return CompletedProcess(p.args, p.returncode, out, err)

def call(*a, timeout=None, **kw):
    return Popen(*a, **kw).wait()

def check_call(*a, **kw):
    code = call(*a, **kw)
    if code:
        raise CalledProcessError(code, kw.get('args') or a[0])
    return 0

def check_output(*a, timeout=None, **kw):
    return run(*a, stdout=PIPE, check=True, **kw).stdout

def getstatusoutput(cmd, **kw):
    p = run(cmd, shell=True, text=True, stdout=PIPE, stderr=STDOUT)
    out = p.stdout
    if out[-1:] == '\n':
        out = out[:-1]
    return (p.returncode, out)

def getoutput(cmd, **kw):
    return getstatusoutput(cmd)[1]

def list2cmdline(seq):
    return ' '.join(seq)
