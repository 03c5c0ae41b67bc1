//! Patterns in URLs: `{a,b}` and `[1-9]`.
//!
//! **Invariant:** at most [`URLS`] come out, whatever goes in.

/// URLs of one pattern; those beyond are left out.
const URLS: usize = 1_000;

/// What is wrong with a pattern, and where.
pub(super) struct Wrong(pub(super) &'static str, pub(super) usize);

/// All URLs that a pattern stands for.
pub(super) fn expand(pattern: &[u8]) -> Result<Vec<Vec<u8>>, Wrong> {
    let mut all = vec![Vec::new()];
    let mut at = 0;
    while let Some(&byte) = pattern.get(at) {
        let rest = pattern.get(at + 1..).unwrap_or_default();
        match byte {
            b'{' => {
                let Some(end) = rest.iter().position(|&b| b == b'}') else {
                    return Err(Wrong("unmatched brace", at + 1));
                };
                let words = rest.get(..end).unwrap_or_default();
                if words.is_empty() {
                    return Err(Wrong("empty string within braces", at + 2));
                }
                let words: Vec<Vec<u8>> =
                    words.split(|&b| b == b',').map(<[u8]>::to_vec).take(URLS).collect();
                all = times(&all, &words);
                at += end + 2;
            }
            b'[' if is_address(rest) => {
                all.iter_mut().for_each(|url| url.push(b'['));
                at += 1;
            }
            b'[' => {
                let end = rest.iter().position(|&b| b == b']');
                let words = end.and_then(|end| range(rest.get(..end)?));
                let (Some(words), Some(end)) = (words, end) else {
                    return Err(Wrong("bad range", at + 2));
                };
                all = times(&all, &words);
                at += end + 2;
            }
            b'}' => return Err(Wrong("unmatched close brace/bracket", at + 1)),
            _ => {
                all.iter_mut().for_each(|url| url.push(byte));
                at += 1;
            }
        }
    }
    Ok(all)
}

/// Whether a bracket begins an address of IPv6.
fn is_address(rest: &[u8]) -> bool {
    let inner = rest.split(|&b| b == b']').next().unwrap_or_default();
    inner.contains(&b':') && inner.iter().all(|b| b.is_ascii_hexdigit() || b":.%".contains(b))
}

fn times(all: &[Vec<u8>], words: &[Vec<u8>]) -> Vec<Vec<u8>> {
    let mut urls = Vec::new();
    for url in all {
        for word in words.iter().take(URLS.saturating_sub(urls.len())) {
            urls.push([url.as_slice(), word].concat());
        }
    }
    urls
}

/// `1-9`, `001-100`, `a-z`, `1-9:2`
fn range(text: &[u8]) -> Option<Vec<Vec<u8>>> {
    let text = std::str::from_utf8(text).ok()?;
    let (text, step) = text.split_once(':').unwrap_or((text, "1"));
    let step: usize = step.parse().ok().filter(|step| *step > 0)?;
    let (from, to) = text.split_once('-')?;
    if let ([from], [to]) = (from.as_bytes(), to.as_bytes())
        && from.is_ascii_alphabetic()
        && to.is_ascii_alphabetic()
        && from <= to
    {
        return Some((*from..=*to).step_by(step).map(|b| vec![b]).collect());
    }
    let width = if from.starts_with('0') { from.len() } else { 0 };
    let (from, to): (u64, u64) = (from.parse().ok()?, to.parse().ok()?);
    if from > to || width > 20 {
        return None;
    }
    let numbers = (from..=to).step_by(step).take(URLS);
    Some(numbers.map(|number| format!("{number:0width$}").into_bytes()).collect())
}

#[test]
fn patterns_are_expanded() {
    let check = |pattern: &str, want: &str| {
        let urls = expand(pattern.as_bytes()).map_err(|wrong| wrong.0).expect("a pattern");
        assert_eq!(String::from_utf8_lossy(&urls.join(&b' ')), want);
    };
    check("h/{a,b}[1-2]", "h/a1 h/a2 h/b1 h/b2");
    check("h/[08-10]", "h/08 h/09 h/10");
    check("h/[a-c:2]", "h/a h/c");
    check("http://[::1]/", "http://[::1]/");
    assert!(expand(b"h/[a").is_err_and(|wrong| wrong.1 == 4));
    assert!(expand(b"{a").is_err());
    assert!(expand(b"[1-999999999]").is_ok_and(|urls| urls.len() == URLS));
}
