//! What came, in words that are the same for every run: what is random is left out or measured.

use decnet_core::wire::reader::Reader;
use decnet_core::wire::ssh::kexinit;

/// A payload in one line.
pub(crate) fn show(payload: &[u8]) -> String {
    let Some((number, body)) = payload.split_first() else { return "empty".to_owned() };
    let text = fields(*number, body);
    text.unwrap_or_else(|| format!("{number} ? {}", hex(body)))
}

fn fields(number: u8, body: &[u8]) -> Option<String> {
    let mut reader = Reader::new(body);
    let r = &mut reader;
    let shown = match number {
        1 => format!("DISCONNECT {} {} {}", r.u32()?, text(r)?, text(r)?),
        2 => format!("IGNORE {} bytes", r.string()?.len()),
        3 => format!("UNIMPLEMENTED {}", r.u32()?),
        4 => format!("DEBUG {} {} {}", r.u8()?, text(r)?, text(r)?),
        5 => format!("SERVICE_REQUEST {}", text(r)?),
        6 => format!("SERVICE_ACCEPT {}", text(r)?),
        7 => {
            let mut shown = format!("EXT_INFO {}", r.u32()?);
            while !r.rest().is_empty() {
                shown += &format!(" {}={}", text(r)?, text(r)?);
            }
            shown
        }
        20 => {
            let whole = [&[20], body].concat();
            let offer = kexinit(&whole).ok()?;
            let lists: usize = offer.lists.iter().map(|list| list.len() + 4).sum();
            r.take(16 + lists + 5)?;
            format!("KEXINIT {} bytes", body.len() + 1)
        }
        21 => "NEWKEYS".to_owned(),
        31 => {
            let first = r.string()?;
            if first.len() > 100 && Reader::new(first).string().is_none_or(|kind| kind.len() > 40) {
                let generator = r.string()?;
                format!("KEX_GROUP {} bytes, generator {} bytes", first.len(), generator.len())
            } else {
                reply("KEX_REPLY", first, r)?
            }
        }
        33 => reply("KEX_GROUP_REPLY", r.string()?, r)?,
        51 => format!("USERAUTH_FAILURE {} {}", text(r)?, r.u8()?),
        52 => "USERAUTH_SUCCESS".to_owned(),
        53 => format!("USERAUTH_BANNER {} {}", text(r)?, text(r)?),
        60 => format!("USERAUTH_60 {} {}", text(r)?, text(r)?),
        80 => {
            let (name, want) = (text(r)?, r.u8()?);
            let mut shown = format!("GLOBAL_REQUEST {name} {want}");
            if name.contains("hostkeys") {
                while let Some(key) = r.string() {
                    shown += &format!(" {}", kind(key));
                }
            }
            shown
        }
        81 => {
            let rest = r.take(r.rest().len())?;
            let mut keys = Reader::new(rest);
            let mut shown = "REQUEST_SUCCESS".to_owned();
            match rest.len() {
                0 => {}
                // Ports are given by the kernel.
                4 => shown += " and a number",
                _ => {
                    while let Some(signature) = keys.string() {
                        shown += &format!(" {}", kind(signature));
                    }
                    shown += &hex(keys.rest());
                }
            }
            shown
        }
        82 => "REQUEST_FAILURE".to_owned(),
        90 => {
            let (kind, channel, window, packet) = (text(r)?, r.u32()?, r.u32()?, r.u32()?);
            let mut shown = format!("CHANNEL_OPEN {kind} {channel} {window} {packet}");
            while let Some(string) = r.string() {
                // The originator's port is not the same twice; others are numbers of the probes.
                shown += &format!(" {} {}", quoted(string), masked_port(r.u32()));
            }
            shown
        }
        91 => format!(
            "OPEN_CONFIRMATION to {} from {} window {} packet {}",
            r.u32()?,
            r.u32()?,
            r.u32()?,
            r.u32()?
        ),
        92 => format!("OPEN_FAILURE to {} code {} {} {}", r.u32()?, r.u32()?, text(r)?, text(r)?),
        93 => format!("WINDOW_ADJUST {} {}", r.u32()?, r.u32()?),
        94 => format!("DATA {} {}", r.u32()?, text(r)?),
        95 => format!("EXTENDED_DATA {} type {} {}", r.u32()?, r.u32()?, text(r)?),
        96 => format!("EOF {}", r.u32()?),
        97 => format!("CLOSE {}", r.u32()?),
        98 => {
            let (channel, name, want) = (r.u32()?, text(r)?, r.u8()?);
            let shown = format!("CHANNEL_REQUEST {channel} {name} {want}");
            match &*name {
                "\"exit-status\"" => format!("{shown} {}", r.u32()?),
                "\"exit-signal\"" => {
                    format!("{shown} {} {} {} {}", text(r)?, r.u8()?, text(r)?, text(r)?)
                }
                _ => shown,
            }
        }
        99 => format!("CHANNEL_SUCCESS {}", r.u32()?),
        100 => format!("CHANNEL_FAILURE {}", r.u32()?),
        _ => return None,
    };
    let rest = match r.rest() {
        [] => String::new(),
        rest => format!(" + {}", hex(rest)),
    };
    Some(format!("{number} {shown}{rest}"))
}

fn masked_port(port: Option<u32>) -> String {
    match port {
        None => "nothing".to_owned(),
        Some(_) => "PORT".to_owned(),
    }
}

fn reply(name: &str, key: &[u8], r: &mut Reader<'_>) -> Option<String> {
    let (public, signature) = (r.string()?, r.string()?);
    // A number is a byte shorter or longer now and then.
    let size = (public.len() + 15) / 32 * 32;
    Some(format!("{name} key {} value about {size} signature {}", kind(key), kind(signature)))
}

/// The name at the beginning of a key or signature.
fn kind(blob: &[u8]) -> String {
    let mut reader = Reader::new(blob);
    reader.string().map_or_else(|| hex(blob), |kind| String::from_utf8_lossy(kind).into_owned())
}

fn text(reader: &mut Reader<'_>) -> Option<String> {
    reader.string().map(quoted)
}

pub(crate) fn quoted(bytes: &[u8]) -> String {
    let text = bytes.escape_ascii().to_string();
    match text.len() {
        0..1_200 => format!("\"{text}\""),
        length => format!("\"{}...\" ({length})", text.chars().take(200).collect::<String>()),
    }
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    let text: String = bytes.iter().take(64).map(|byte| format!("{byte:02x}")).collect();
    if bytes.len() > 64 { format!("{text}... ({} bytes)", bytes.len()) } else { text }
}

/// The lists of an offer, one a line.
pub(crate) fn lists(payload: &[u8]) -> Vec<String> {
    let Ok(offer) = kexinit(payload) else { return vec!["no KEXINIT".to_owned()] };
    let mut lines: Vec<_> =
        offer.lists.iter().map(|list| String::from_utf8_lossy(list).into_owned()).collect();
    let follows = u8::from(offer.first_kex_packet_follows);
    lines.push(format!("follows {follows} reserved {}", offer.reserved));
    lines
}

/// The order of what a scheduler decides on: of a program's end, its output is shown first.
pub(crate) fn settled(mut lines: Vec<String>) -> Vec<String> {
    let is_output = |line: &str| ["94 ", "95 ", "96 "].iter().any(|head| line.starts_with(head));
    for _ in 0..lines.len() {
        for at in 1..lines.len() {
            if lines[at - 1].contains("\"exit-s") && is_output(&lines[at]) {
                lines.swap(at - 1, at);
            }
        }
    }
    lines
}

/// One line for neighbours that carry the same kind of data: how it is cut is up to a scheduler.
pub(crate) fn merged(lines: Vec<String>) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    for line in lines {
        let is_data = line.starts_with("94 ") || line.starts_with("95 ");
        let head = |line: &str| line.split_once('"').map(|(head, _)| head.to_owned());
        match out.last_mut() {
            Some(last) if is_data && head(last) == head(&line) => {
                last.truncate(last.trim_end_matches('"').len());
                *last += line.split_once('"').map_or("", |(_, rest)| rest);
            }
            _ => out.push(line),
        }
    }
    out
}
