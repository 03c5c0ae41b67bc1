import posix as _posix
import sys

class BaseHTTPRequestHandler:
    pass
class SimpleHTTPRequestHandler(BaseHTTPRequestHandler):
    pass

class HTTPServer:
    def __init__(self, address, handler):
        self.server_address = address
    def serve_forever(self):
        _posix.forever()
    def __enter__(self):
        return self
    def __exit__(self, *a):
        pass
ThreadingHTTPServer = HTTPServer

def _main(argv):
    port = 8000
    bind = '0.0.0.0'
    args = list(argv)
    while args:
        a = args.pop(0)
        if a in ('-b', '--bind', '-d', '--directory', '-p', '--protocol') and args:
            v = args.pop(0)
            if a in ('-b', '--bind'):
                bind = v
        elif a.isdigit():
            port = int(a)
        else:
            sys.stderr.write('usage: server.py [-h] [--cgi] [-b ADDRESS] [-d DIRECTORY] [-p VERSION] [port]\n')
            sys.stderr.write("server.py: error: argument port: invalid int value: '%s'\n" % a)
            raise SystemExit(2)
    if port < 1024 and _posix.getuid() != 0:
        raise PermissionError(13, 'Permission denied')
    print('Serving HTTP on %s port %d (http://%s:%d/) ...' % (bind, port, bind, port), flush=True)
    _posix.forever()
