def copy(x):
    if isinstance(x, (list, dict, set)):
        return x.copy()
    return x

def deepcopy(x, memo=None):
    if isinstance(x, list):
        return [deepcopy(v) for v in x]
    if isinstance(x, tuple):
        return tuple([deepcopy(v) for v in x])
    if isinstance(x, dict):
        return {k: deepcopy(v) for k, v in x.items()}
    if isinstance(x, set):
        return x.copy()
    return x
