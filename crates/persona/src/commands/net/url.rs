//! Addresses of things elsewhere, cut into their parts.
//!
//! **Invariant:** nothing is decoded; parts are bytes of the text.

/// The parts of a URL.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Url {
    /// In small letters, without `://`.
    pub(crate) scheme: Vec<u8>,
    pub(crate) user: Option<Vec<u8>>,
    pub(crate) password: Option<Vec<u8>>,
    /// Without brackets.
    pub(crate) host: Vec<u8>,
    /// As written, if it is.
    pub(crate) port: Option<Vec<u8>>,
    /// From the first `/` or `?` on, without what is behind `#`.
    pub(crate) path: Vec<u8>,
}

impl Url {
    /// Cuts `scheme://user:password@host:port/path`. `None` without scheme.
    pub(crate) fn parse(text: &[u8]) -> Option<Self> {
        let at = text.windows(3).position(|three| three == b"://")?;
        let (scheme, rest) = text.split_at(at);
        let good = |b: &u8| b.is_ascii_alphanumeric() || b"+-.".contains(b);
        if scheme.is_empty() || !scheme.iter().all(good) {
            return None;
        }
        Some(Self { scheme: scheme.to_ascii_lowercase(), ..Self::behind_scheme(rest.get(3..)?) })
    }

    /// Cuts what is behind `scheme://`.
    pub(crate) fn behind_scheme(rest: &[u8]) -> Self {
        let end = rest.iter().position(|b| b"/?#".contains(b)).unwrap_or(rest.len());
        let (authority, path) = rest.split_at(end);
        let path = path.split(|&b| b == b'#').next().unwrap_or_default();
        let mut url = Self { path: path.to_vec(), ..Self::default() };
        let host = match authority.iter().rposition(|&b| b == b'@') {
            Some(at) => {
                let mut login = authority.get(..at).unwrap_or_default().splitn(2, |&b| b == b':');
                url.user = login.next().map(<[u8]>::to_vec);
                url.password = login.next().map(<[u8]>::to_vec);
                authority.get(at + 1..).unwrap_or_default()
            }
            None => authority,
        };
        if let Some(inner) = host.strip_prefix(b"[")
            && let Some(close) = inner.iter().position(|&b| b == b']')
        {
            let (name, behind) = inner.split_at(close);
            url.host = name.to_vec();
            url.port = behind.get(1..).and_then(|rest| rest.strip_prefix(b":")).map(<[u8]>::to_vec);
        } else {
            let mut parts = host.splitn(2, |&b| b == b':');
            url.host = parts.next().unwrap_or_default().to_vec();
            url.port = parts.next().map(<[u8]>::to_vec);
        }
        url
    }

    /// The port, or what the scheme has; `None` for what is no port.
    pub(crate) fn port_number(&self) -> Option<u16> {
        match self.port.as_deref() {
            None | Some(b"") => Some(match self.scheme.as_slice() {
                b"https" => 443,
                b"ftp" | b"ftps" => 21,
                b"tftp" => 69,
                b"scp" | b"sftp" => 22,
                b"telnet" => 23,
                b"smtp" => 25,
                b"smtps" => 465,
                b"dict" => 2_628,
                b"ldap" => 389,
                b"ldaps" => 636,
                b"gopher" => 70,
                b"imap" => 143,
                b"imaps" => 993,
                b"pop3" => 110,
                b"pop3s" => 995,
                b"mqtt" => 1_883,
                b"rtsp" => 554,
                b"smb" | b"smbs" => 445,
                _ => 80,
            }),
            Some(digits) if digits.iter().all(u8::is_ascii_digit) => {
                std::str::from_utf8(digits).ok()?.parse().ok()
            }
            Some(_) => None,
        }
    }

    /// The last part of the path; empty where it ends with `/`.
    pub(crate) fn file_name(&self) -> Vec<u8> {
        let path = self.path.split(|&b| b == b'?').next().unwrap_or_default();
        path.rsplit(|&b| b == b'/').next().unwrap_or_default().to_vec()
    }
}

#[test]
fn urls_are_cut() {
    let url = Url::parse(b"HTTP://u:p@evil.example:8080/a/b.sh?x=1#f").expect("a URL");
    assert_eq!(url.scheme, b"http");
    assert_eq!(url.user.as_deref(), Some(&b"u"[..]));
    assert_eq!(url.password.as_deref(), Some(&b"p"[..]));
    assert_eq!(url.host, b"evil.example");
    assert_eq!(url.port_number(), Some(8_080));
    assert_eq!(url.path, b"/a/b.sh?x=1");
    assert_eq!(url.file_name(), b"b.sh");
    let url = Url::parse(b"https://[::1]/").expect("a URL");
    assert_eq!((url.host.as_slice(), url.port_number()), (&b"::1"[..], Some(443)));
    assert_eq!(Url::parse(b"evil.example/x"), None);
    assert_eq!(Url::parse(b"http://h:99999/").and_then(|url| url.port_number()), None);
}
