//! Flags of a command as typed, and a form that is the same however they were written.
//!
//! The canonical form has the command's name without its folder, its flags one by one and sorted,
//! each once, and its operands in order: `ls -la` and `ls -a -l` are `ls -a -l` both. A flag that is
//! known to take a value stands with it (`head -n5` is `head -n 5`). Only clusters of letters are
//! taken apart. Commands of programs whose flags are words behind one dash (`find -name`) stay as
//! they are but for the folder.
//!
//! **Invariant:** one pass over the words; nothing is looked up but the two tables here.

use crate::profile::taxonomy::base_name;

/// The flags of a command, as typed and in order.
pub(super) fn flags(words: &[Vec<u8>]) -> Vec<&[u8]> {
    let flags = words.iter().map(Vec::as_slice).take_while(|word| *word != b"--");
    flags.filter(|word| is_flag(word)).collect()
}

/// The canonical form of one command.
pub(super) fn canonical(name: &[u8], words: &[Vec<u8>]) -> Vec<u8> {
    let name = base_name(name);
    let has_words = WORD_FLAGS.iter().any(|known| known.as_bytes() == name);
    if has_words {
        // What such words mean lies in their order.
        return [name]
            .into_iter()
            .chain(words.iter().map(Vec::as_slice))
            .collect::<Vec<_>>()
            .join(&b' ');
    }
    let valued = VALUED
        .iter()
        .find(|(names, _)| names.iter().any(|known| known.as_bytes() == name))
        .map_or(&b""[..], |(_, letters)| letters.as_bytes());
    let (mut flags, mut operands) = (Vec::new(), Vec::new());
    let mut words = words.iter().map(Vec::as_slice);
    while let Some(word) = words.next() {
        if word == b"--" {
            operands.extend(words.by_ref().map(<[u8]>::to_vec));
        } else if !is_flag(word) {
            operands.push(word.to_vec());
        } else if word.starts_with(b"--") {
            flags.push(word.to_vec());
        } else {
            cluster(word, valued, &mut words, &mut flags);
        }
    }
    flags.sort();
    flags.dedup();
    let parts = [name.to_vec()].into_iter().chain(flags).chain(operands);
    parts.collect::<Vec<_>>().join(&b' ')
}

/// Takes `-abc` apart; the first letter that takes a value has the rest, or the next word.
fn cluster<'a>(
    word: &'a [u8],
    valued: &[u8],
    words: &mut impl Iterator<Item = &'a [u8]>,
    flags: &mut Vec<Vec<u8>>,
) {
    let mut letters = word.get(1..).unwrap_or_default();
    let until_value = letters.iter().take_while(|letter| !valued.contains(letter)).count();
    let are_letters = letters.iter().take(until_value).all(u8::is_ascii_alphabetic);
    if !are_letters {
        flags.push(word.to_vec());
        return;
    }
    while let Some((letter, rest)) = letters.split_first() {
        let flag = vec![b'-', *letter];
        if valued.contains(letter) {
            let value = if rest.is_empty() { words.next().unwrap_or_default() } else { rest };
            flags.push([flag.as_slice(), b" ", value].concat());
            return;
        }
        flags.push(flag);
        letters = rest;
    }
}

fn is_flag(word: &[u8]) -> bool {
    word.len() > 1 && word.starts_with(b"-")
}

/// Programs whose flags are words behind one dash.
const WORD_FLAGS: &[&str] = &[
    "find", "java", "openssl", "gcc", "cc", "g++", "clang", "xmrig", "masscan", "ip", "ffmpeg",
    "convert", "dig", "test", "[", "echo", "printf", "expr", "hping3",
];

/// Letters that take a value, by program.
const VALUED: &[(&[&str], &str)] = &[
    (&["head", "tail"], "nc"),
    (&["grep", "egrep", "fgrep"], "efmABC"),
    (&["wget"], "OoPUTteiQ"),
    (&["curl"], "oXHdAuxeTFbmwKrC"),
    (&["ssh", "sshpass"], "pilLRDoFJWbcEIMmOQSw"),
    (&["scp", "sftp"], "PiFlocS"),
    (&["tar"], "fCTX"),
    (&["useradd", "usermod", "adduser"], "sdgGupceu"),
    (&["sort"], "kotTS"),
    (&["cut"], "dfcb"),
    (&["nc", "ncat", "netcat"], "pwisecx"),
    (&["su"], "cs"),
    (&["sudo"], "ugpChrtU"),
    (&["mkdir"], "m"),
    (&["install"], "mogtS"),
    (&["kill", "pkill", "killall"], "su"),
    (&["timeout"], "sk"),
    (&["ping"], "cisWwtI"),
    (&["mount"], "to"),
    (&["base64"], "w"),
    (&["sed"], "ef"),
    (&["awk"], "Ffv"),
    (&["xargs"], "nIPdaLs"),
    (&["watch", "nice"], "n"),
    (&["crontab"], "u"),
    (&["python", "python2", "python3"], "cmW"),
    (&["perl", "php", "ruby", "node"], "er"),
    (&["sh", "bash", "dash", "zsh"], "c"),
    (&["ps"], "opuUCtg"),
    (&["date", "touch"], "dtr"),
    (&["du"], "d"),
    (&["netstat"], "A"),
    (&["systemctl", "journalctl"], "unpto"),
    (&["tftp"], "lrc"),
    (&["hydra"], "lLpPtsC"),
    (&["nmap"], "pioTSeD"),
    (&["tcpdump"], "icwrs"),
];

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn split(command: &str) -> (Vec<u8>, Vec<Vec<u8>>) {
        let mut words = command.split(' ').map(|word| word.as_bytes().to_vec());
        (words.next().unwrap(), words.collect())
    }

    #[track_caller]
    fn check(commands: &[&str], expected: &str) {
        for command in commands {
            let (name, words) = split(command);
            let found = String::from_utf8(canonical(&name, &words)).unwrap();
            assert_eq!(found, expected, "{command}");
        }
    }

    #[test]
    fn what_means_the_same_is_the_same() {
        check(&["ls -la", "ls -al", "ls -a -l", "/bin/ls -l -a -l"], "ls -a -l");
        check(&["head -n5 x", "head -n 5 x", "head x -n 5"], "head -n 5 x");
        check(&["tar -xzf a", "tar -zxf a", "tar -x -z -f a"], "tar -f a -x -z");
        check(&["wget -qO- u", "wget -O - -q u"], "wget -O - -q u");
        check(&["rm -rf -- -x", "rm -fr -- -x"], "rm -f -r -x");
        check(&["find / -name x -type f"], "find / -name x -type f");
        check(&["ls --color=auto"], "ls --color=auto");
        check(&["kill -9 1"], "kill -9 1");
        check(&["cd -"], "cd -");
    }

    #[test]
    fn flags_are_as_typed() {
        let (_, words) = split("ls -la --x a -b -- -c");
        let found: Vec<_> = flags(&words);
        assert_eq!(found, [&b"-la"[..], b"--x", b"-b"]);
    }

    proptest! {
        #[test]
        fn letters_in_any_order_are_one_form(letters in "[a-z]{1,8}", by in 0_usize..8) {
            let mut turned: Vec<u8> = letters.clone().into_bytes();
            let by = by % turned.len();
            turned.rotate_left(by);
            let words = |letters: &[u8]| vec![[b"-", letters].concat()];
            prop_assert_eq!(
                canonical(b"ls", &words(letters.as_bytes())),
                canonical(b"ls", &words(&turned))
            );
        }

        #[test]
        fn any_words_have_a_form(name: Vec<u8>, words: Vec<Vec<u8>>) {
            canonical(&name, &words);
            flags(&words);
        }
    }
}
