import sys

def format_exc(limit=None, chain=True):
    e = sys.exc_info()[1]
    return 'NoneType: None\n' if e is None else sys._traceback(e)

def print_exc(limit=None, file=None, chain=True):
    (file or sys.stderr).write(format_exc())

def format_exception(e, *a):
    return [sys._traceback(a[0] if a else e)]

def print_exception(e, *a, **kw):
    sys.stderr.write(sys._traceback(a[0] if a else e))

def format_exception_only(t, e=None):
    return [sys._traceback(e or t).split('\n')[-2] + '\n']
