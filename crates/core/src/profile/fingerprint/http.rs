//! The Akamai HTTP/2 string, and with the feature `ja4plus` JA4H.
//!
//! **Invariant:** of a request only names, counts, the language and cookies; never its target.

use super::Fingerprint;
#[cfg(feature = "ja4plus")]
use super::{ZEROS, sha256_12};
use crate::event::wire::HttpRequest;
#[cfg(feature = "ja4plus")]
use crate::octets::Octets;
#[cfg(feature = "ja4plus")]
use crate::wire::http::cookies;

/// The passive fingerprint of an HTTP/2 client (Akamai, 2017), of the first request of a connection:
/// `settings|window update|priorities|pseudo-headers`.
#[must_use]
pub fn akamai(request: &HttpRequest) -> Option<Fingerprint> {
    let opening = request.opening.as_ref()?;
    let settings = opening.settings.iter().map(|(id, value)| format!("{id}:{value}"));
    let settings = joined(settings, ";");
    let window = opening.window_update.map_or_else(|| "00".to_owned(), |value| value.to_string());
    let priorities = opening.priorities.iter().map(|priority| {
        let exclusive = u8::from(priority.exclusive);
        format!("{}:{exclusive}:{}:{}", priority.stream, priority.depends_on, priority.weight)
    });
    let priorities = match opening.priorities.is_empty() {
        true => "0".to_owned(),
        false => joined(priorities, ","),
    };
    let pseudo = request.fields.iter().filter_map(|(name, _)| match name.as_bytes() {
        [b':', letter, ..] => Some(char::from(*letter).to_string()),
        _ => None,
    });
    let pseudo = joined(pseudo, ",");
    Some(Fingerprint::of(format!("{settings}|{window}|{priorities}|{pseudo}")))
}

fn joined(parts: impl Iterator<Item = String>, between: &str) -> String {
    parts.collect::<Vec<_>>().join(between)
}

/// JA4H (FoxIO License 1.1) of a request.
#[cfg(feature = "ja4plus")]
#[must_use]
pub fn ja4h(request: &HttpRequest) -> Fingerprint {
    let (mut names, mut jar) = (Vec::new(), Vec::new());
    let (mut has_cookie, mut has_referer) = (false, false);
    let mut language = None;
    for (name, value) in &request.fields {
        let (name, value) = (name.as_bytes(), value.as_bytes());
        if name.eq_ignore_ascii_case(b"cookie") {
            has_cookie = true;
            jar.extend(cookies(value));
        } else if name.eq_ignore_ascii_case(b"referer") {
            has_referer = true;
        } else if !name.starts_with(b":") && !name.is_empty() {
            names.push(name);
            if name.eq_ignore_ascii_case(b"accept-language") {
                language.get_or_insert(value);
            }
        }
    }
    // By name, and the values follow.
    jar.sort_by_key(|(name, _)| *name);
    let head = format!(
        "{}{}{}{}{:02}{}",
        Octets(request.method.as_bytes().to_ascii_lowercase())
            .readable()
            .chars()
            .take(2)
            .collect::<String>(),
        version_digits(request.version.as_bytes()),
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
    use crate::event::wire::{Http2Opening, Http2Priority};

    fn request(version: &str, method: &str, fields: &[(&str, &str)]) -> HttpRequest {
        HttpRequest {
            version: version.into(),
            method: method.into(),
            target: "/".into(),
            fields: fields.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect(),
            priority: None,
            opening: None,
        }
    }

    #[test]
    fn akamai_is_as_published_and_of_the_first_request_alone() {
        let names = [":method", ":path", ":authority", ":scheme", "user-agent"];
        let mut request = request("2", "GET", &names.map(|name| (name, "x")));
        assert_eq!(akamai(&request), None);
        request.opening = Some(Box::default());
        assert_eq!(akamai(&request).unwrap().raw, "|00|0|m,p,a,s");
        let priority =
            |stream, weight| Http2Priority { stream, exclusive: false, depends_on: 0, weight };
        request.opening = Some(Box::new(Http2Opening {
            settings: vec![(1, 65_536), (4, 131_072), (5, 16_384)],
            window_update: Some(12_517_377),
            priorities: vec![priority(3, 201), priority(5, 101)],
            priority_updates: vec![(3, "u=1".into())],
        }));
        let found = akamai(&request).unwrap();
        assert_eq!(found.raw, "1:65536;4:131072;5:16384|12517377|3:0:0:201,5:0:0:101|m,p,a,s");
        assert_eq!(found.hash.len(), 32);
    }

    #[cfg(feature = "ja4plus")]
    #[test]
    fn ja4h_sorts_cookies_by_name() {
        let found = ja4h(&request(
            "1.1",
            "GET",
            &[
                ("User-Agent", "x"),
                ("Referer", "y"),
                ("Accept", "z"),
                ("Cookie", "s=ps; B=1&b=3; a=2; a=1"),
                ("Accept-Language", "en-US,de;q=0.5"),
            ],
        ));
        assert_eq!(
            found.raw,
            "ge11cr03enus_User-Agent,Accept,Accept-Language_B,a,a,s_B=1&b=3,a=2,a=1,s=ps"
        );
        let bare = ja4h(&request("1.0", "OPTIONS", &[]));
        assert_eq!(bare.hash, "op10nn000000_e3b0c44298fc_000000000000_000000000000");
        assert_eq!(language_letters(b"de"), "de00");
        assert_eq!(language_letters(b"*"), "*000");
    }
}
