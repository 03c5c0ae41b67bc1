import posix as _posix

AF_UNSPEC = 0
AF_UNIX = 1
AF_INET = 2
AF_INET6 = 10
SOCK_STREAM = 1
SOCK_DGRAM = 2
SOCK_RAW = 3
SOL_SOCKET = 1
SO_REUSEADDR = 2
SO_KEEPALIVE = 9
SO_BROADCAST = 6
SO_SNDBUF = 7
SO_RCVBUF = 8
SOL_TCP = IPPROTO_TCP = 6
IPPROTO_UDP = 17
IPPROTO_ICMP = 1
IPPROTO_IP = 0
TCP_NODELAY = 1
SHUT_RD = 0
SHUT_WR = 1
SHUT_RDWR = 2
SOMAXCONN = 4096
INADDR_ANY = 0

error = OSError
timeout = TimeoutError

class gaierror(OSError):
    pass
class herror(OSError):
    pass
gaierror.__module__ = 'socket'
herror.__module__ = 'socket'

def gethostname():
    return _posix.hostname()

def getfqdn(name=''):
    return name or gethostname()

def _address(host):
    if host in ('', '0.0.0.0'):
        return '0.0.0.0'
    parts = host.split('.')
    if len(parts) == 4 and all([x.isdigit() for x in parts]):
        return host
    found = _posix.resolve(host)
    if not isinstance(found, str):
        raise gaierror(*found)
    return found

def gethostbyname(host):
    return _address(host)

def gethostbyname_ex(host):
    return (host, [], [_address(host)])

def gethostbyaddr(ip):
    raise herror(1, 'Unknown host')

def getaddrinfo(host, port, family=0, type=0, proto=0, flags=0):
    return [(AF_INET, type or SOCK_STREAM, 6, '', (_address(host or '127.0.0.1'), port))]

def inet_aton(s):
    return bytes([int(x) for x in s.split('.')])

def inet_ntoa(b):
    return '.'.join([str(x) for x in b])

def htons(n):
    return ((n & 255) << 8) | (n >> 8 & 255)
ntohs = htons

def htonl(n):
    return int.from_bytes(n.to_bytes(4, 'little'), 'big')
ntohl = htonl

def setdefaulttimeout(t):
    pass

def getdefaulttimeout():
    return None

class socket:
    def __init__(self, family=AF_INET, type=SOCK_STREAM, proto=0, fileno=None):
        if type == SOCK_RAW and _posix.getuid() != 0:
            raise PermissionError(1, 'Operation not permitted')
        self.family = family
        self.type = type
        self.proto = proto
        self._peer = None
        self._name = ('0.0.0.0', 0)
        self._timeout = None
        self._r, self._w = _posix.pipe()
    def connect(self, address):
        if self.family == AF_UNIX:
            raise FileNotFoundError(2, 'No such file or directory')
        if not isinstance(address, tuple):
            raise TypeError("connect(): AF_INET address must be tuple, not " + type(address).__name__)
        host, port = address[0], address[1]
        if not isinstance(port, int):
            raise TypeError("'%s' object cannot be interpreted as an integer" % type(port).__name__)
        ip = _address(host)
        if self.type == SOCK_DGRAM:
            self._peer = (ip, port)
            ifaces = ip.startswith('127.')
            self._name = ('127.0.0.1' if ifaces else _own_address(), 40000 + port % 20000)
            return
        _posix.connect(ip, port)
        self._peer = (ip, port)
    def connect_ex(self, address):
        try:
            self.connect(address)
        except TimeoutError as e:
            return 11 if self._timeout is not None else 110
        except OSError as e:
            return e.errno
        return 0
    def bind(self, address):
        if isinstance(address, tuple) and 0 < address[1] < 1024 and _posix.getuid() != 0:
            raise PermissionError(13, 'Permission denied')
        self._name = address
    def listen(self, n=128):
        pass
    def accept(self):
        _posix.forever()
    def send(self, data, flags=0):
        if self._peer is None:
            raise BrokenPipeError(32, 'Broken pipe')
        return len(data)
    def sendall(self, data, flags=0):
        self.send(data)
    def sendto(self, data, *a):
        return len(data)
    def recv(self, n, flags=0):
        if self._peer is None and self.type == SOCK_STREAM:
            raise OSError(107, 'Transport endpoint is not connected')
        if self._timeout is not None:
            import time
            time.sleep(self._timeout)
            raise TimeoutError('timed out')
        _posix.forever()
    def recvfrom(self, n, flags=0):
        return (self.recv(n), ('0.0.0.0', 0))
    def settimeout(self, t):
        self._timeout = t
    def gettimeout(self):
        return self._timeout
    def setblocking(self, b):
        self._timeout = None if b else 0.0
    def setsockopt(self, *a):
        pass
    def getsockopt(self, *a):
        return 0
    def getsockname(self):
        return self._name
    def getpeername(self):
        if self._peer is None:
            raise OSError(107, 'Transport endpoint is not connected')
        return self._peer
    def fileno(self):
        return self._r
    def makefile(self, mode='r', *a):
        return open(self._r, 'r')
    def shutdown(self, how):
        if self._peer is None:
            raise OSError(107, 'Transport endpoint is not connected')
    def close(self):
        if self._r >= 0:
            _posix.close(self._r)
            _posix.close(self._w)
            self._r = -1
    def __enter__(self):
        return self
    def __exit__(self, *a):
        self.close()
    def __repr__(self):
        return "<socket.socket fd=%d, family=%d, type=%d, proto=%d, laddr=%r>" % (self._r, self.family, self.type, self.proto, self._name)

SocketType = socket

def _own_address():
    return _posix.own_address()

def create_connection(address, timeout=None, source_address=None):
    s = socket()
    if timeout is not None:
        s.settimeout(timeout)
    s.connect(address)
    return s

def socketpair(*a):
    return (socket(), socket())
