import posix as _posix
import socket as _socket
from urllib.error import URLError, HTTPError
from urllib.parse import urlparse, quote, unquote, urlencode

class Request:
    def __init__(self, url, data=None, headers={}, origin_req_host=None, unverifiable=False, method=None):
        self.full_url = url
        self.data = data
        self.headers = dict(headers)
        self.method = method
    def add_header(self, k, v):
        self.headers[k] = v
    def get_method(self):
        return self.method or ('POST' if self.data is not None else 'GET')
    def get_full_url(self):
        return self.full_url

def urlopen(url, data=None, timeout=None, *, cafile=None, capath=None, cadefault=False, context=None):
    if isinstance(url, Request):
        url = url.full_url
    parts = urlparse(url)
    if not parts.scheme:
        raise ValueError('unknown url type: %r' % url)
    if parts.scheme == 'file':
        return open(parts.path, 'rb')
    if parts.scheme not in ('http', 'https', 'ftp'):
        raise URLError('unknown url type: ' + parts.scheme)
    _posix.wish(url)
    host = parts.hostname or ''
    port = parts.port or {'http': 80, 'https': 443, 'ftp': 21}[parts.scheme]
    try:
        _socket.create_connection((host, port), timeout)
    except OSError as e:
        reason = e
    raise URLError(reason)

def urlretrieve(url, filename=None, reporthook=None, data=None):
    f = urlopen(url, data)
    name = filename or '/tmp/tmp' + 'k3v9x1qz'
    out = open(name, 'wb')
    out.write(f.read())
    out.close()
    return (name, None)

class _Opener:
    def __init__(self):
        self.addheaders = []
    def open(self, url, data=None, timeout=None):
        return urlopen(url, data, timeout)

def build_opener(*handlers):
    return _Opener()

def install_opener(opener):
    pass

class ProxyHandler:
    def __init__(self, proxies=None):
        self.proxies = proxies

class HTTPCookieProcessor:
    pass
