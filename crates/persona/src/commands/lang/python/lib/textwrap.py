def wrap(text, width=70, **kw):
    lines = []
    cur = ''
    for w in text.split():
        if cur and len(cur) + 1 + len(w) > width:
            lines.append(cur)
            cur = w
        else:
            cur = cur + ' ' + w if cur else w
    if cur:
        lines.append(cur)
    return lines

def fill(text, width=70, **kw):
    return '\n'.join(wrap(text, width))

def dedent(text):
    lines = text.split('\n')
    margin = None
    for l in lines:
        if l.strip():
            n = len(l) - len(l.lstrip())
            margin = n if margin is None else min(margin, n)
    return '\n'.join([l[margin or 0:] if l.strip() else '' for l in lines])

def indent(text, prefix):
    return ''.join([prefix + l if l.strip() else l for l in text.splitlines(True)])
