class JSONDecodeError(ValueError):
    def __init__(self, msg, doc, pos):
        line = doc.count('\n', ) + 1 if '\n' in doc[:pos] else 1
        col = pos - doc.rfind('\n', 0, pos)
        ValueError.__init__(self, '%s: line %d column %d (char %d)' % (msg, doc[:pos].count('\n') + 1, col, pos))
        self.msg = msg
        self.pos = pos
JSONDecodeError.__module__ = 'json.decoder'

_ESC = {'"': '\\"', '\\': '\\\\', '\n': '\\n', '\r': '\\r', '\t': '\\t', '\b': '\\b', '\f': '\\f'}

def _quote(s, plain):
    out = '"'
    for c in s:
        if c in _ESC:
            out += _ESC[c]
        elif ord(c) < 32 or (plain and ord(c) > 126):
            n = ord(c)
            if n > 0xffff:
                n -= 0x10000
                out += '\\u%04x\\u%04x' % (0xd800 + (n >> 10), 0xdc00 + (n & 0x3ff))
            else:
                out += '\\u%04x' % n
        else:
            out += c
    return out + '"'

def _dump(o, indent, level, seps, sort, plain, default):
    if o is None:
        return 'null'
    if o is True:
        return 'true'
    if o is False:
        return 'false'
    if isinstance(o, str):
        return _quote(o, plain)
    if isinstance(o, float):
        if o != o:
            return 'NaN'
        if o == float('inf'):
            return 'Infinity'
        if o == float('-inf'):
            return '-Infinity'
        return repr(o)
    if isinstance(o, int):
        return str(o)
    nl = '' if indent is None else '\n' + indent * (level + 1)
    end = '' if indent is None else '\n' + indent * level
    if isinstance(o, dict):
        if not o:
            return '{}'
        items = list(o.items())
        if sort:
            items = sorted(items)
        parts = []
        for k, v in items:
            if k is None:
                k = 'null'
            elif k is True:
                k = 'true'
            elif k is False:
                k = 'false'
            elif not isinstance(k, str):
                if not isinstance(k, (int, float)):
                    raise TypeError('keys must be str, int, float, bool or None, not ' + type(k).__name__)
                k = str(k)
            parts.append(_quote(k, plain) + seps[1] + _dump(v, indent, level + 1, seps, sort, plain, default))
        return '{' + nl + (seps[0] + nl).join(parts) + end + '}'
    if isinstance(o, (list, tuple)):
        if not o:
            return '[]'
        parts = [_dump(v, indent, level + 1, seps, sort, plain, default) for v in o]
        return '[' + nl + (seps[0] + nl).join(parts) + end + ']'
    if default is not None:
        return _dump(default(o), indent, level, seps, sort, plain, default)
    raise TypeError('Object of type ' + type(o).__name__ + ' is not JSON serializable')

def dumps(o, *, indent=None, separators=None, sort_keys=False, ensure_ascii=True, default=None, skipkeys=False, cls=None):
    if isinstance(indent, int):
        indent = ' ' * indent
    if separators is None:
        separators = (', ', ': ') if indent is None else (',', ': ')
    return _dump(o, indent, 0, separators, sort_keys, ensure_ascii, default)

def dump(o, f, **kw):
    f.write(dumps(o, **kw))

_WS = ' \t\n\r'
_BACK = {'"': '"', '\\': '\\', '/': '/', 'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t'}

def _skip(s, i):
    n = len(s)
    while i < n and s[i] in _WS:
        i += 1
    return i

def _string(s, i):
    out = ''
    begin = i - 1
    while True:
        if i >= len(s):
            raise JSONDecodeError('Unterminated string starting at', s, begin)
        c = s[i]
        if c == '"':
            return out, i + 1
        if c == '\\':
            e = s[i + 1:i + 2]
            if e == 'u':
                n = int(s[i + 2:i + 6], 16)
                i += 6
                if 0xd800 <= n < 0xdc00 and s[i:i + 2] == '\\u':
                    n = 0x10000 + ((n - 0xd800) << 10) + int(s[i + 2:i + 6], 16) - 0xdc00
                    i += 6
                out += chr(n)
                continue
            if e not in _BACK or e == '':
                raise JSONDecodeError('Invalid \\escape', s, i)
            out += _BACK[e]
            i += 2
            continue
        if ord(c) < 32:
            raise JSONDecodeError('Invalid control character at', s, i)
        out += c
        i += 1

def _value(s, i):
    if i >= len(s):
        raise JSONDecodeError('Expecting value', s, i)
    c = s[i]
    if c == '"':
        return _string(s, i + 1)
    if c == '{':
        out = {}
        i = _skip(s, i + 1)
        if s[i:i + 1] == '}':
            return out, i + 1
        while True:
            if s[i:i + 1] != '"':
                raise JSONDecodeError('Expecting property name enclosed in double quotes', s, i)
            k, i = _string(s, i + 1)
            i = _skip(s, i)
            if s[i:i + 1] != ':':
                raise JSONDecodeError("Expecting ':' delimiter", s, i)
            v, i = _value(s, _skip(s, i + 1))
            out[k] = v
            i = _skip(s, i)
            c = s[i:i + 1]
            if c == '}':
                return out, i + 1
            if c != ',':
                raise JSONDecodeError("Expecting ',' delimiter", s, i)
            i = _skip(s, i + 1)
    if c == '[':
        out = []
        i = _skip(s, i + 1)
        if s[i:i + 1] == ']':
            return out, i + 1
        while True:
            v, i = _value(s, i)
            out.append(v)
            i = _skip(s, i)
            c = s[i:i + 1]
            if c == ']':
                return out, i + 1
            if c != ',':
                raise JSONDecodeError("Expecting ',' delimiter", s, i)
            i = _skip(s, i + 1)
    for word, v in (('null', None), ('true', True), ('false', False), ('NaN', float('nan')), ('Infinity', float('inf')), ('-Infinity', float('-inf'))):
        if s.startswith(word, i):
            return v, i + len(word)
    j = i
    if s[j] == '-':
        j += 1
    while j < len(s) and s[j] in '0123456789+-.eE':
        j += 1
    num = s[i:j]
    if not num or not num.strip('-')[:1].isdigit():
        raise JSONDecodeError('Expecting value', s, i)
    if '.' in num or 'e' in num or 'E' in num:
        return float(num), j
    return int(num), j

def loads(s, **kw):
    if isinstance(s, bytes):
        s = s.decode()
    if not isinstance(s, str):
        raise TypeError('the JSON object must be str, bytes or bytearray, not ' + type(s).__name__)
    v, i = _value(s, _skip(s, 0))
    i = _skip(s, i)
    if i != len(s):
        raise JSONDecodeError('Extra data', s, i)
    return v

def load(f, **kw):
    return loads(f.read())
