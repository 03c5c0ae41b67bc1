ascii_lowercase = 'abcdefghijklmnopqrstuvwxyz'
ascii_uppercase = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ'
ascii_letters = ascii_lowercase + ascii_uppercase
digits = '0123456789'
hexdigits = '0123456789abcdefABCDEF'
octdigits = '01234567'
punctuation = '!"#$%&\'()*+,-./:;<=>?@[\\]^_`{|}~'
whitespace = ' \t\n\r\x0b\x0c'
printable = digits + ascii_letters + punctuation + whitespace

def capwords(s, sep=None):
    return (sep or ' ').join([x.capitalize() for x in s.split(sep)])

class Template:
    def __init__(self, template):
        self.template = template
    def substitute(self, mapping={}, **kw):
        out = self.template
        m = dict(mapping)
        m.update(kw)
        for k in m:
            out = out.replace('${' + k + '}', str(m[k])).replace('$' + k, str(m[k]))
        return out.replace('$$', '$')
    safe_substitute = substitute
