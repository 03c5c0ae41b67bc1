_SAFE = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-~'

def quote(s, safe='/', encoding=None, errors=None):
    if isinstance(s, str):
        s = s.encode()
    out = ''
    for b in s:
        c = chr(b)
        out += c if c in _SAFE or c in safe else '%%%02X' % b
    return out

def quote_plus(s, safe=''):
    return quote(s, safe + ' ').replace(' ', '+')

def unquote(s, encoding='utf-8', errors='replace'):
    if '%' not in s:
        return s
    out = b''
    data = s.encode()
    i = 0
    while i < len(data):
        if data[i] == 37 and i + 2 < len(data) + 0 and all([c in '0123456789abcdefABCDEF' for c in data[i + 1:i + 3].decode('latin1')]) and len(data[i + 1:i + 3]) == 2:
            out += bytes([int(data[i + 1:i + 3], 16)])
            i += 3
        else:
            out += data[i:i + 1]
            i += 1
    return out.decode('utf-8', 'replace')

def unquote_plus(s):
    return unquote(s.replace('+', ' '))

def urlencode(query, doseq=False):
    items = query.items() if hasattr(query, 'items') else query
    out = []
    for k, v in items:
        if doseq and isinstance(v, (list, tuple)):
            for x in v:
                out.append(quote_plus(str(k)) + '=' + quote_plus(str(x)))
        else:
            out.append(quote_plus(str(k)) + '=' + quote_plus(str(v)))
    return '&'.join(out)

class ParseResult:
    def __init__(self, parts):
        self._parts = parts
        self.scheme, self.netloc, self.path, self.params, self.query, self.fragment = parts
        host = self.netloc.rpartition('@')[2]
        name, sep, port = host.partition(':')
        self.hostname = name.lower() or None
        self.port = int(port) if port.isdigit() else None
        user = self.netloc.rpartition('@')[0]
        self.username = user.partition(':')[0] or None
        self.password = user.partition(':')[2] or None
    def __getitem__(self, i):
        return self._parts[i]
    def __iter__(self):
        return iter(self._parts)
    def geturl(self):
        return urlunparse(self._parts)
    def __repr__(self):
        return 'ParseResult(scheme=%r, netloc=%r, path=%r, params=%r, query=%r, fragment=%r)' % self._parts

def urlparse(url, scheme='', allow_fragments=True):
    rest = url
    head, sep, tail = rest.partition(':')
    if sep and head and head.replace('+', '').replace('-', '').replace('.', '').isalnum() and head[0].isalpha():
        scheme = head.lower()
        rest = tail
    rest, _, fragment = rest.partition('#')
    rest, _, query = rest.partition('?')
    netloc = ''
    if rest.startswith('//'):
        netloc, slash, path = rest[2:].partition('/')
        rest = slash + path
    params = ''
    if ';' in rest:
        rest, _, params = rest.partition(';')
    return ParseResult((scheme, netloc, rest, params, query, fragment))

urlsplit = urlparse

def urlunparse(parts):
    scheme, netloc, path, params, query, fragment = parts
    out = path
    if netloc:
        out = '//' + netloc + out
    if scheme:
        out = scheme + ':' + out
    if params:
        out += ';' + params
    if query:
        out += '?' + query
    if fragment:
        out += '#' + fragment
    return out

def parse_qsl(qs, **kw):
    out = []
    for pair in qs.split('&'):
        if pair:
            k, _, v = pair.partition('=')
            if v:
                out.append((unquote_plus(k), unquote_plus(v)))
    return out

def parse_qs(qs, **kw):
    out = {}
    for k, v in parse_qsl(qs):
        out.setdefault(k, []).append(v)
    return out

def urljoin(base, url):
    p = urlparse(url)
    if p.scheme:
        return url
    b = urlparse(base)
    if url.startswith('//'):
        return b.scheme + ':' + url
    if url.startswith('/'):
        return b.scheme + '://' + b.netloc + url
    return b.scheme + '://' + b.netloc + b.path.rpartition('/')[0] + '/' + url
