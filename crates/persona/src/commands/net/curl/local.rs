//! What `curl` does without another machine: files, and what it writes at the end.
//!
//! **Invariant:** files are the session's.

use super::given::{Given, Output};
use super::{Meter, Outcome};
use crate::calendar::Date;
use crate::commands::net::url::Url;
use crate::files::{Fault, Last};
use crate::kernel::Proc;
use crate::process::{Direction, Opening};

/// `file:///etc/hostname`
pub(super) async fn file(
    p: &mut Proc,
    given: &Given,
    url: &Url,
    output: &Output,
    meter: &mut Meter,
) -> Outcome {
    let path = url.path.clone();
    let shown = String::from_utf8_lossy(&path).into_owned();
    let missing = Outcome::new(37, format!("Couldn't open file {shown}"));
    let Ok(stat) = p.fs(|process| process.stat(&path, Last::Follow)) else { return missing };
    let Ok(input) = p.input(&path) else { return missing };
    meter.begin(p);
    if given.has("head") {
        p.done(&input);
        let date = Date::new(stat.changed);
        let (day, month) = (date.weekday_name(), date.month_name());
        let text = format!(
            "Content-Length: {}\r\nAccept-ranges: bytes\r\nLast-Modified: {day}, {:02} {month} {} {} GMT\r\n",
            stat.size,
            date.day,
            date.year,
            date.clock()
        );
        p.print(text);
        return Outcome::default();
    }
    let to = match output {
        Output::Standard => None,
        Output::File(path) if path == b"-" => None,
        Output::File(path) => Some(path.clone()),
        Output::Remote => Some(url.file_name()),
    };
    let sent = copy(p, input.fd, to.as_deref()).await;
    p.done(&input);
    match sent {
        Ok(size) => {
            meter.all(p, size, size.saturating_mul(3_472));
            Outcome::default()
        }
        Err(_) => Outcome::new(23, "Failure writing output to destination"),
    }
}

async fn copy(p: &mut Proc, from: u32, to: Option<&[u8]>) -> Result<u64, Fault> {
    let to = match to {
        Some(path) => {
            let opening = Opening { create: Some(0o666), exclusive: false, truncate: true };
            let open = p.open(path, Direction::Write, opening, false)?;
            Some(p.add(open, 3))
        }
        None => None,
    };
    let mut size = 0;
    loop {
        let bytes = p.read(from, 16_384).await?;
        if bytes.is_empty() {
            break;
        }
        size += bytes.len() as u64;
        p.write(to.unwrap_or(1), &bytes).await?;
    }
    if let Some(fd) = to {
        p.fds.remove(&fd);
    }
    Ok(size)
}

/// What `-w` asks for.
pub(super) fn write_out(p: &mut Proc, given: &Given, url: &[u8], outcome: &Outcome) {
    let Some(format) = given.value("write-out") else { return };
    let mut rest = format;
    let mut out = Vec::new();
    while let Some((&byte, more)) = rest.split_first() {
        rest = more;
        match (byte, more.first()) {
            (b'%', Some(b'%')) => {
                out.push(b'%');
                rest = more.get(1..).unwrap_or_default();
            }
            (b'%', Some(b'{')) => {
                let inner = more.get(1..).unwrap_or_default();
                let Some(end) = inner.iter().position(|&b| b == b'}') else {
                    out.push(b'%');
                    continue;
                };
                let name = inner.get(..end).unwrap_or_default();
                out.extend(variable(name, url, outcome));
                rest = inner.get(end + 1..).unwrap_or_default();
            }
            (b'\\', Some(&letter)) => {
                match letter {
                    b'n' => out.push(b'\n'),
                    b't' => out.push(b'\t'),
                    b'r' => out.push(b'\r'),
                    other => out.extend([b'\\', other]),
                }
                rest = more.get(1..).unwrap_or_default();
            }
            _ => out.push(byte),
        }
    }
    p.print(out);
}

fn variable(name: &[u8], url: &[u8], outcome: &Outcome) -> Vec<u8> {
    let name = String::from_utf8_lossy(name).into_owned();
    match name.as_str() {
        "http_code" | "response_code" | "http_connect" => b"000".to_vec(),
        "exitcode" => outcome.code.to_string().into_bytes(),
        "errormsg" => outcome.text.clone(),
        "url" => url.to_vec(),
        "url_effective" => {
            let slash = url
                .windows(3)
                .position(|three| three == b"://")
                .is_some_and(|at| !url.get(at + 3..).unwrap_or_default().contains(&b'/'));
            [url, if slash { b"/" } else { b"" }].concat()
        }
        "method" => b"GET".to_vec(),
        "num_connects" | "num_redirects" | "num_headers" | "size_download" | "size_upload"
        | "size_header" | "size_request" | "speed_download" | "speed_upload" | "local_port"
        | "remote_port" | "ssl_verify_result" | "http_version" => b"0".to_vec(),
        "time_total" => b"0.000943".to_vec(),
        other if other.starts_with("time_") => b"0.000000".to_vec(),
        "content_type" | "filename_effective" | "local_ip" | "remote_ip" | "redirect_url"
        | "scheme" => Vec::new(),
        other => format!("curl: unknown --write-out variable: '{other}'\n").into_bytes(),
    }
}
