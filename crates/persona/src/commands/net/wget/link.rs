//! What `wget` makes of a URL that it was given, and of other values.
//!
//! **Invariant:** a link has a host and a port that can be asked for.

use crate::commands::net::url::Url;

/// Something to get.
#[derive(Clone, Debug)]
pub(super) struct Link {
    pub(super) url: Url,
    port: u16,
    /// As it is shown: a password is hidden, what may not be in a URL is written in hexadecimal.
    pub(super) shown: Vec<u8>,
    /// As it is told: as it was given, with a scheme.
    pub(super) told: Vec<u8>,
}

/// The text, and what is wrong with it.
pub(super) struct Bad(pub(super) Vec<u8>, pub(super) Vec<u8>);

impl Link {
    pub(super) fn parse(text: &[u8]) -> Result<Self, Bad> {
        let full = with_scheme(text);
        let bad = |why: &str| Bad(full.clone(), why.as_bytes().to_vec());
        let Some(mut url) = Url::parse(&full) else {
            return Err(bad("Scheme missing."));
        };
        if ![&b"http"[..], b"https", b"ftp", b"ftps"].contains(&url.scheme.as_slice()) {
            let why = [b"Unsupported scheme '", url.scheme.as_slice(), b"'."].concat();
            return Err(Bad(full.clone(), why));
        }
        if url.host.is_empty() {
            return Err(bad("Invalid host name."));
        }
        let Some(port) = url.port_number() else { return Err(bad("Bad port number.")) };
        url.host.make_ascii_lowercase();
        let shown = shown(&url, port);
        Ok(Self { url, port, shown, told: full })
    }

    /// Whom to ask.
    pub(super) fn place(&self) -> (Vec<u8>, u16) {
        (self.url.host.clone(), self.port)
    }

    /// The name of the file that it becomes.
    pub(super) fn file(&self) -> Vec<u8> {
        let path = self.url.path.as_slice();
        let name = match path.iter().position(|&b| b == b'?') {
            Some(at) => {
                let query = path.get(at..).unwrap_or_default();
                let name = self.url.file_name();
                let name = if name.is_empty() { b"index.html".to_vec() } else { name };
                [name.as_slice(), query].concat()
            }
            None => self.url.file_name(),
        };
        match (name.is_empty(), self.url.scheme.starts_with(b"ftp")) {
            (true, true) => b".listing".to_vec(),
            (true, false) => b"index.html".to_vec(),
            (false, _) => name,
        }
    }
}

/// What stands for a URL without scheme: HTTP, or FTP where a colon is behind the host.
fn with_scheme(text: &[u8]) -> Vec<u8> {
    if text.windows(3).any(|three| three == b"://") || text.starts_with(b"//") {
        return text.to_vec();
    }
    let host = text.iter().position(|b| b":/".contains(b));
    if let Some(at) = host
        && text.get(at) == Some(&b':')
    {
        let rest = text.get(at + 1..).unwrap_or_default();
        let digits = rest.iter().take_while(|b| b.is_ascii_digit()).count();
        let port = digits > 0 && matches!(rest.get(digits), None | Some(b'/'));
        if !port {
            let slash: &[u8] = if rest.starts_with(b"/") { b"" } else { b"/" };
            return [b"ftp://", text.get(..at).unwrap_or_default(), slash, rest].concat();
        }
    }
    [b"http://", text].concat()
}

fn shown(url: &Url, port: u16) -> Vec<u8> {
    let mut text = [url.scheme.as_slice(), b"://"].concat();
    if let Some(user) = &url.user {
        text.extend_from_slice(user);
        if url.password.is_some() {
            text.extend_from_slice(b":*password*");
        }
        text.push(b'@');
    }
    if url.host.contains(&b':') {
        text.extend([b"[", url.host.as_slice(), b"]"].concat());
    } else {
        text.extend_from_slice(&url.host);
    }
    let usual = Url { port: None, ..url.clone() }.port_number();
    if usual != Some(port) {
        text.extend(format!(":{port}").as_bytes());
    }
    if !url.path.starts_with(b"/") {
        text.push(b'/');
    }
    for &byte in &url.path {
        if byte.is_ascii_graphic() && !b"\"<>\\^`{|}".contains(&byte) {
            text.push(byte);
        } else {
            text.extend(format!("%{byte:02X}").as_bytes());
        }
    }
    text
}

/// Nanoseconds of `5`, `0.5`, `2m`, `1h`, `1d`.
pub(super) fn period(text: &[u8]) -> Option<i64> {
    let text = std::str::from_utf8(text).ok()?.trim();
    let (number, unit) = match text.strip_suffix(['s', 'm', 'h', 'd', 'w']) {
        Some(number) => (number, text.as_bytes().last().copied().unwrap_or(b's')),
        None => (text, b's'),
    };
    let unit = match unit {
        b'm' => 60.0,
        b'h' => 3_600.0,
        b'd' => 86_400.0,
        b'w' => 604_800.0,
        _ => 1.0,
    };
    if !number.bytes().all(|b| b.is_ascii_digit() || b == b'.') {
        return None;
    }
    let number: f64 = number.parse().ok()?;
    #[expect(clippy::cast_possible_truncation, reason = "saturates at 292 years")]
    Some((number * unit * 1e9) as i64)
}

/// `key = value`, as in .wgetrc; the key without `-` and `_`, but for the proxies'.
pub(super) fn setting(text: &[u8]) -> Option<(Vec<u8>, &[u8])> {
    let at = text.iter().position(|&b| b == b'=')?;
    let key = text.get(..at)?.trim_ascii().to_ascii_lowercase();
    let key = key.iter().copied().filter(|b| *b != b'-').collect();
    Some((key, text.get(at + 1..)?.trim_ascii()))
}

/// Whether `-e` takes it.
pub(super) fn is_setting(text: &[u8]) -> bool {
    let Some((key, _)) = setting(text) else { return false };
    let key: Vec<u8> = key.into_iter().filter(|b| *b != b'_').collect();
    let key = String::from_utf8_lossy(&key).into_owned();
    ["useproxy", "httpproxy", "httpsproxy", "ftpproxy", "noproxy", "robots", "checkcertificate"]
        .contains(&key.as_str())
        || super::FLAGS.iter().any(|flag| flag.long.replace('-', "") == key)
}
