//! The Akamai HTTP/2 string, and with the feature `ja4plus` JA4H.
//!
//! **Invariant:** of a request only names, counts, the language and cookies; never its target.

#[cfg(feature = "ja4plus")]
use super::{Fingerprint, ZEROS, sha256_12};
#[cfg(feature = "ja4plus")]
use crate::octets::Octets;
use crate::wire::http::h2::{Opening, Request};
#[cfg(feature = "ja4plus")]
use crate::wire::http::{Field, cookies};

/// The passive fingerprint of an HTTP/2 client (Akamai, 2017):
/// `settings|window update|priorities|pseudo-headers`.
#[must_use]
pub fn akamai(opening: &Opening, request: &Request) -> String {
    let settings = opening.settings.iter().flatten().map(|(id, value)| format!("{id}:{value}"));
    let settings = joined(settings, ";");
    let window = opening.window_update.map_or_else(|| "00".to_owned(), |value| value.to_string());
    let priorities = opening.priorities.iter().map(|priority| {
        let exclusive = u8::from(priority.is_exclusive);
        format!("{}:{exclusive}:{}:{}", priority.stream, priority.depends_on, priority.weight)
    });
    let priorities = match opening.priorities.is_empty() {
        true => "0".to_owned(),
        false => joined(priorities, ","),
    };
    let pseudo = request.fields.iter().filter_map(|field| match field.name.as_slice() {
        [b':', letter, ..] => Some(char::from(*letter).to_string()),
        _ => None,
    });
    format!("{settings}|{window}|{priorities}|{}", joined(pseudo, ","))
}

fn joined(parts: impl Iterator<Item = String>, between: &str) -> String {
    parts.collect::<Vec<_>>().join(between)
}

/// JA4H (FoxIO License 1.1) of a request: method and `version` as sent, and its fields in order.
#[cfg(feature = "ja4plus")]
#[must_use]
pub fn ja4h<'a>(
    method: &[u8],
    version: &[u8],
    fields: impl Iterator<Item = Field<'a>>,
) -> Fingerprint {
    let (mut names, mut jar) = (Vec::new(), Vec::new());
    let (mut has_cookie, mut has_referer) = (false, false);
    let mut language = None;
    for field in fields {
        if field.name.eq_ignore_ascii_case(b"cookie") {
            has_cookie = true;
            jar.extend(cookies(field.value));
        } else if field.name.eq_ignore_ascii_case(b"referer") {
            has_referer = true;
        } else if !field.name.starts_with(b":") && !field.name.is_empty() {
            names.push(field.name);
            if field.name.eq_ignore_ascii_case(b"accept-language") {
                language.get_or_insert(field.value);
            }
        }
    }
    // By name, and the values follow.
    jar.sort_by_key(|(name, _)| *name);
    let head = format!(
        "{}{}{}{}{:02}{}",
        Octets(method.to_ascii_lowercase()).readable().chars().take(2).collect::<String>(),
        version_digits(version),
        if has_cookie { 'c' } else { 'n' },
        if has_referer { 'r' } else { 'n' },
        names.len().min(99),
        language_letters(language.unwrap_or_default()),
    );
    let names = names.join(&b',');
    let cookie_names = jar.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(&b',');
    let cookie_pairs = jar.iter().map(|(_, pair)| *pair).collect::<Vec<_>>().join(&b',');
    let of_cookies = |bytes: &[u8]| match jar.is_empty() {
        true => ZEROS.to_owned(),
        false => sha256_12(bytes),
    };
    let hashes = [sha256_12(&names), of_cookies(&cookie_names), of_cookies(&cookie_pairs)];
    let raw = [names, cookie_names, cookie_pairs].map(|part| Octets(part).readable());
    Fingerprint {
        hash: format!("{head}_{}", hashes.join("_")),
        raw: format!("{head}_{}", raw.join("_")),
    }
}

/// `11` of `1.1`; HTTP/2 has `20`.
#[cfg(feature = "ja4plus")]
fn version_digits(version: &[u8]) -> &'static str {
    match version {
        b"1.0" => "10",
        b"1.1" => "11",
        b"2" | b"2.0" => "20",
        b"3" | b"3.0" => "30",
        _ => "00",
    }
}

/// The first four characters of the first language, without hyphen, filled up with zeros.
#[cfg(feature = "ja4plus")]
fn language_letters(value: &[u8]) -> String {
    let first = value.split(|byte| matches!(byte, b',' | b';')).next().unwrap_or_default();
    let letters = first.trim_ascii().iter().filter(|byte| **byte != b'-').take(4);
    let text = Octets(letters.map(u8::to_ascii_lowercase).collect()).readable();
    format!("{text:0<4}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::http::h2;

    #[test]
    fn akamai_is_as_published() {
        let opening = Opening {
            settings: Some(vec![(1, 65_536), (4, 131_072), (5, 16_384)]),
            window_update: Some(12_517_377),
            priorities: vec![
                h2::Priority { stream: 3, is_exclusive: false, depends_on: 0, weight: 201 },
                h2::Priority { stream: 5, is_exclusive: false, depends_on: 0, weight: 101 },
            ],
            updates: Vec::new(),
        };
        let fields = [":method", ":path", ":authority", ":scheme", "user-agent"]
            .map(|name| h2::Field { name: name.into(), value: vec![] });
        let request = Request { stream: 15, priority: None, fields: fields.to_vec() };
        assert_eq!(
            akamai(&opening, &request),
            "1:65536;4:131072;5:16384|12517377|3:0:0:201,5:0:0:101|m,p,a,s"
        );
        assert_eq!(akamai(&Opening::default(), &request), "|00|0|m,p,a,s");
    }

    #[cfg(feature = "ja4plus")]
    #[test]
    fn ja4h_sorts_cookies_by_name() {
        let request = b"GET / HTTP/1.1\r\nUser-Agent: x\r\nReferer: y\r\nAccept: z\r\n\
            Cookie: s=ps; B=1&b=3; a=2; a=1\r\nAccept-Language: en-US,de;q=0.5\r\n\r\n";
        let (head, _) = crate::wire::http::request_head(request).unwrap().unwrap();
        let found = ja4h(head.method, head.version, head.fields.iter());
        assert_eq!(
            found.raw,
            "ge11cr03enus_User-Agent,Accept,Accept-Language_B,a,a,s_B=1&b=3,a=2,a=1,s=ps"
        );
        let bare = ja4h(b"OPTIONS", b"1.0", std::iter::empty());
        assert_eq!(bare.hash, "op10nn000000_e3b0c44298fc_000000000000_000000000000");
        assert_eq!(language_letters(b"de"), "de00");
        assert_eq!(language_letters(b"*"), "*000");
    }
}
