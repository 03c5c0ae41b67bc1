//! Identification lines.

use crate::probe::Probes;
use crate::probe::client::{Client, PATIENCE, QUIET};
use crate::probe::exchange::Offer;
use crate::probe::message::clear;
use crate::probe::shown::{lists, quoted};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

pub(super) fn add(probes: &mut Probes) {
    offer(probes);
    lines(probes);
    long(probes);
    pieces(probes);
    ends(probes);
}

/// What a server says to bytes in front of anything else.
fn said(address: SocketAddr, bytes: &[u8]) -> Client {
    let mut client = Client::connect(address);
    client.hear_line();
    client.write(bytes);
    client.hear_first(QUIET);
    client
}

/// T1 to T10.
fn offer(probes: &mut Probes) {
    probes.add("ident-server-line", |address| {
        let mut client = Client::connect(address);
        client.hear_line();
        client.note(quoted(&client.server_line.clone()));
        client
    });
    probes.add("ident-server-is-first", |address| {
        let mut client = Client::connect(address);
        client.hear_line();
        // Not even its offer comes before our line.
        client.hear_first(QUIET);
        client
    });
    probes.add("ident-time-to-line", |address| {
        let begin = Instant::now();
        let mut client = Client::connect(address);
        client.hear_line();
        let slow = begin.elapsed() > Duration::from_millis(1_500);
        client.note(if slow { "slow" } else { "quick" });
        client
    });
    probes.add("ident-server-offer", |address| {
        let mut client = Client::greeted(address);
        client.hear_offer();
        let offer = client.server_offer.clone();
        client.lines.extend(lists(&offer));
        client
    });
    for (name, line) in [
        ("old-putty", &b"SSH-2.0-PuTTY-Release-0.5\r\n"[..]),
        ("winscp", b"SSH-2.0-WinSCP_release_4.0.0\r\n"),
        ("openssh-6.5", b"SSH-2.0-OpenSSH_6.5p1\r\n"),
        ("openssh-6.6", b"SSH-2.0-OpenSSH_6.6p1\r\n"),
        ("openssh-7.2", b"SSH-2.0-OpenSSH_7.2p1\r\n"),
        ("openssh-2", b"SSH-2.0-OpenSSH_2.5.3p1\r\n"),
        ("dropbear", b"SSH-2.0-dropbear_2015.67\r\n"),
        ("twisted", b"SSH-2.0-Twisted_10\r\n"),
    ] {
        probes.add(format!("ident-offer-to-{name}"), move |address| {
            let mut client = Client::connect(address);
            client.send_line(line);
            client.hear_line();
            client.hear_offer();
            let offer = client.server_offer.clone();
            client.lines.extend(lists(&offer));
            client
        });
    }
    probes.add("ident-server-offer-packet", |address| {
        let mut client = Client::greeted(address);
        let head = client.hear_bytes(5);
        client.note(format!("length and padding {head:02x?}"));
        client
    });
}

const LINES: &[(&str, &[u8])] = &[
    ("crlf", b"SSH-2.0-x\r\n"),
    ("lf", b"SSH-2.0-x\n"),
    ("cr", b"SSH-2.0-x\r"),
    ("cr-cr-lf", b"SSH-2.0-x\r\r\n"),
    ("cr-inside", b"SSH-2.0-x\ry\r\n"),
    ("nul-inside", b"SSH-2.0-x\0y\r\n"),
    ("nul-first", b"\0SSH-2.0-x\r\n"),
    ("nul-in-version", b"SSH-2\0.0-x\r\n"),
    ("only-lf", b"\n"),
    ("only-crlf", b"\r\n"),
    ("only-lf-then-line", b"\nSSH-2.0-x\r\n"),
    ("line-before", b"hello\r\nSSH-2.0-x\r\n"),
    ("ten-lines-before", b"a\nb\nc\nd\ne\nf\ng\nh\ni\nj\nSSH-2.0-x\r\n"),
    ("1.5", b"SSH-1.5-x\r\n"),
    ("1.0", b"SSH-1.0-x\r\n"),
    ("1.98", b"SSH-1.98-x\r\n"),
    ("1.99", b"SSH-1.99-x\r\n"),
    ("1.100", b"SSH-1.100-x\r\n"),
    ("2.0-only", b"SSH-2.0\r\n"),
    ("2.0-dash", b"SSH-2.0-\r\n"),
    ("2.0-space", b"SSH-2.0 x\r\n"),
    ("2.1", b"SSH-2.1-foo\r\n"),
    ("2.99", b"SSH-2.99-foo\r\n"),
    ("2", b"SSH-2-x\r\n"),
    ("2.", b"SSH-2.-x\r\n"),
    ("2.0.1", b"SSH-2.0.1-x\r\n"),
    ("2.-1", b"SSH-2.-1-x\r\n"),
    ("+2.0", b"SSH-+2.0-x\r\n"),
    ("space-2.0", b"SSH- 2.0-x\r\n"),
    ("02.00", b"SSH-02.00-x\r\n"),
    ("3.0", b"SSH-3.0-x\r\n"),
    ("0.0", b"SSH-0.0-x\r\n"),
    ("-1.0", b"SSH--1.0-x\r\n"),
    ("huge-version", b"SSH-4294967298.0-x\r\n"),
    ("1337", b"SSH-1337\n"),
    ("1111", b"SSH-1111-OpenSSH\r\n"),
    ("lower-case", b"ssh-2.0-x\r\n"),
    ("mixed-case", b"Ssh-2.0-x\r\n"),
    ("space-before", b" SSH-2.0-x\r\n"),
    ("comment", b"SSH-2.0-x comment more\r\n"),
    ("software-with-dash", b"SSH-2.0-a-b-c\r\n"),
    ("high-bytes", b"SSH-2.0-\xff\xfe\r\n"),
    ("control-bytes", b"SSH-2.0-\x01\x1b[31m\r\n"),
    ("tab", b"SSH-2.0-\tx\r\n"),
    ("http", b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"),
    ("tls", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n"),
    ("tls-without-lf", b"\x16\x03\x01\x00\xa5\x01\x00\x00\xa1\x03\x03aaaaaaaaaaaaaaaaaaaaaaaa"),
    ("smb", b"\0\0\0\x2f\xffSMB\x72\0\0\0\0"),
    ("rdp", b"\x03\0\0\x13\x0e\xe0\0\0\0\0\0\x01\0\x08\0\x03\0\0\0"),
    ("redis", b"*1\r\n$4\r\nPING\r\n"),
    ("nothing-printable", b"\x80\x81\x82\n"),
    ("probe", b"SSH-2.0-Probe-1.0\r\n"),
    ("probe-dash", b"SSH-2.0-probe-x\r\n"),
    ("probe-as-ssh-3", b"SSH-9.9-Probe-1\r\n"),
    ("version-mapper", b"SSH-2.0-SSH_Version_Mapper\r\n"),
    ("version-mapper-more", b"SSH-2.0-SSH_Version_Mapper_2\r\n"),
    ("nmap-nse", b"SSH-1.5-NmapNSE_1.0\r\n"),
    ("nmap-hostkey", b"SSH-1.5-Nmap-SSH1-Hostkey\r\n"),
    ("zgrab", b"SSH-2.0-ZGrab ZGrab SSH Survey\r\n"),
    ("go", b"SSH-2.0-Go\r\n"),
    ("libssh", b"SSH-2.0-libssh_0.9.6\r\n"),
    ("libssh2", b"SSH-2.0-libssh2_1.4.3\r\n"),
    ("putty", b"SSH-2.0-PuTTY_Release_0.70\r\n"),
    ("old-putty", b"SSH-2.0-PuTTY-Release-0.5\r\n"),
    ("winscp", b"SSH-2.0-WinSCP_release_4.0.0\r\n"),
    ("old-openssh", b"SSH-2.0-OpenSSH_2.3.0\r\n"),
    ("openssh-3.0", b"SSH-2.0-OpenSSH_3.0p1\r\n"),
    ("openssh-6.6.1", b"SSH-2.0-OpenSSH_6.6.1\r\n"),
    ("openssh-6.5", b"SSH-2.0-OpenSSH_6.5\r\n"),
    ("openssh-7", b"SSH-2.0-OpenSSH_7.4\r\n"),
    ("ttssh", b"SSH-2.0-TTSSH/2.71 Win32\r\n"),
    ("cisco", b"SSH-2.0-Cisco-1.25\r\n"),
    ("paramiko", b"SSH-2.0-paramiko_2.12.0\r\n"),
    ("twisted", b"SSH-2.0-Twisted\r\n"),
    ("sun", b"SSH-2.0-Sun_SSH_1.0\r\n"),
    ("f-secure", b"SSH-2.0-3.2.0 F-SECURE SSH\r\n"),
    ("jsch", b"SSH-2.0-JSCH-0.1.54\r\n"),
    ("sshd-scanner", b"SSH-2.0-scanssh\r\n"),
    ("mass-scan", b"SSH-2.0-MASSCAN\r\n"),
    ("open-ssh-scan", b"SSH-2.0-OpenSSH_Scan\r\n"),
    ("question", b"?\r\n"),
    ("help", b"help\r\n"),
    ("ssh-only", b"SSH-\r\n"),
    ("ssh", b"SSH\r\n"),
    ("no-newline", b"SSH-2.0-x"),
    ("junk-no-newline", b"hello"),
];

fn lines(probes: &mut Probes) {
    for (name, line) in LINES {
        probes.add(format!("ident-line-{name}"), move |address| said(address, line));
    }
}

fn long(probes: &mut Probes) {
    for length in [100, 253, 254, 255, 256, 257, 300, 1_000, 8_000, 8_181, 8_182, 8_190, 8_191] {
        probes.add(format!("ident-long-{length}"), move |address| {
            // With what it begins with, without its end.
            let line = [b"SSH-2.0-".to_vec(), vec![b'a'; length - 8], b"\r\n".to_vec()].concat();
            said(address, &line)
        });
    }
    for length in [8_191, 8_192, 8_193, 8_194, 9_000, 20_000] {
        probes.add(format!("ident-long-lf-{length}"), move |address| {
            let line = [b"SSH-2.0-".to_vec(), vec![b'a'; length - 8], b"\n".to_vec()].concat();
            said(address, &line)
        });
    }
    for length in [8_191, 8_192, 8_193, 9_000, 20_000] {
        probes.add(format!("ident-endless-{length}"), move |address| {
            said(address, &vec![b'a'; length])
        });
    }
    probes.add("ident-many-lines-before-9000", |address| {
        said(address, &[b"aaaaaaaa\n".repeat(1_000), b"SSH-2.0-x\r\n".to_vec()].concat())
    });
}

fn pieces(probes: &mut Probes) {
    probes.add("ident-bytewise", |address| {
        let mut client = Client::connect(address);
        client.hear_line();
        for byte in b"SSH-2.0-slow\r\n" {
            client.write(&[*byte]);
            std::thread::sleep(Duration::from_millis(3));
        }
        client.hear_first(QUIET);
        client
    });
    probes.add("ident-before-servers", |address| {
        let mut client = Client::connect(address);
        client.send_line(b"SSH-2.0-early\r\n");
        client.hear_line();
        client.hear_first(QUIET);
        client
    });
    probes.add("ident-with-offer-in-one-write", |address| {
        let mut client = Client::connect(address);
        client.hear_line();
        let bytes = [&b"SSH-2.0-x\r\n"[..], &clear(Offer::plain().payload())].concat();
        client.write(&bytes);
        client.hear_until(&[20]);
        client.write(&clear([191]));
        client.hear_all(QUIET);
        client
    });
    probes.add("ident-with-offer-and-junk", |address| {
        let mut client = Client::connect(address);
        client.hear_line();
        client.write(&[&b"SSH-2.0-x\r\n"[..], &[b'a'; 64]].concat());
        client.hear_all(QUIET);
        client
    });
    probes.add("ident-twice", |address| {
        let mut client = Client::greeted(address);
        client.write(b"SSH-2.0-probe\r\n");
        client.hear_all(QUIET);
        client
    });
}

fn ends(probes: &mut Probes) {
    for (name, line) in [
        ("nothing", &b""[..]),
        ("half", b"SSH-2.0"),
        ("whole", b"SSH-2.0-x\r\n"),
        ("junk", b"x\n"),
        ("junk-without-lf", b"x"),
    ] {
        probes.add(format!("ident-shut-after-{name}"), move |address| {
            let mut client = Client::connect(address);
            client.hear_line();
            client.write(line);
            client.shut();
            client.hear_first(PATIENCE);
            client
        });
    }
    probes.add("ident-shut-at-once", |address| {
        let mut client = Client::connect(address);
        client.shut();
        client.hear_line();
        client.note(quoted(&client.server_line.clone()));
        client.hear_first(PATIENCE);
        client
    });
}
