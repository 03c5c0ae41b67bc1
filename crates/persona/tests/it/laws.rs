//! What holds for any bytes.

use crate::session::{Session, merged};
use decnet_persona::Step;
use proptest::prelude::*;

/// Bytes as attackers send them: lines, keys and noise.
fn input() -> impl Strategy<Value = Vec<u8>> {
    let line = prop_oneof![
        Just("ls -la /\r"),
        Just("cat\r"),
        Just("sleep 7\r"),
        Just("su\r"),
        Just("passwd\r"),
        Just("sudo id\r"),
        Just("echo 'a\r"),
        Just("bash\r"),
        Just("exit\r"),
        Just("cat /etc/passwd|wc\r"),
        Just("head -n1\r"),
        Just("echo $? > x; cat x\r"),
        Just("\x1b[200~a\nb\x1b[201~\r"),
        Just("\x12ec\r"),
    ];
    let key = prop_oneof![
        Just("\x1b[A"),
        Just("\x1b[B"),
        Just("\x1b[C"),
        Just("\x1b[D"),
        Just("\x7f"),
        Just("\x15"),
        Just("\x17"),
        Just("\x03"),
        Just("\x04"),
        Just("\t"),
        Just("\x01"),
        Just("\x05"),
        Just("\x19"),
        Just("\x0b"),
        Just("\x1b[3~"),
        Just("日"),
        Just("é"),
        Just("\x1b[200~"),
        Just("\x1b[201~"),
        Just(" "),
    ];
    let part = prop_oneof![
        3 => line.prop_map(|text| text.as_bytes().to_vec()),
        4 => key.prop_map(|text| text.as_bytes().to_vec()),
        3 => "[a-z |;&$'\"]{1,12}".prop_map(String::into_bytes),
        1 => proptest::collection::vec(any::<u8>(), 1..20),
    ];
    proptest::collection::vec(part, 0..16).prop_map(|parts| parts.concat())
}

fn drive(user: &str, cols: Option<u32>, reads: &[&[u8]]) -> Vec<Step> {
    let mut session = Session::shell(user, cols);
    for read in reads {
        session.send(read);
    }
    session.after(60);
    session.end();
    session.steps
}

fn holds(step: &Step, secret: &[u8]) -> bool {
    let bytes = match step {
        Step::Output(b) | Step::ErrorOutput(b) | Step::Input(b) | Step::Command(b) => b,
        Step::Anomaly(_, b) => b,
        _ => return false,
    };
    bytes.windows(secret.len()).any(|window| window == secret)
}

proptest! {
    #[test]
    fn reads_may_be_cut_anywhere(bytes in input(), cuts in proptest::collection::vec(any::<prop::sample::Index>(), 0..12), user in prop_oneof![Just("root"), Just("bob")], cols in prop_oneof![Just(Some(80)), Just(Some(17)), Just(None)]) {
        let whole = drive(user, cols, &[&bytes]);
        let mut at: Vec<usize> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect();
        at.push(0);
        at.push(bytes.len());
        at.sort_unstable();
        let reads: Vec<&[u8]> = at.windows(2).map(|pair| &bytes[pair[0]..pair[1]]).collect();
        let cut = drive(user, cols, &reads);
        prop_assert_eq!(merged(&whole), merged(&cut));
    }

    #[test]
    fn no_bytes_break_it(bytes in proptest::collection::vec(any::<u8>(), 0..3_000), cols in prop_oneof![Just(Some(80)), Just(Some(0)), Just(Some(1)), Just(None)]) {
        drive("root", cols, &[&bytes]);
        let mut session = Session::exec("root", &String::from_utf8_lossy(&bytes));
        session.send(&bytes);
        session.end();
    }

    #[test]
    fn secrets_never_appear(secret in "[A-Z0-9!#%]{9,40}", command in prop_oneof![Just("su"), Just("passwd"), Just("sudo -S id"), Just("sudo su -"), Just("su - root -c id"), Just("cat | sudo -S id")], cols in prop_oneof![Just(Some(80)), Just(Some(20)), Just(None)], cut in any::<prop::sample::Index>()) {
        // `cat |` reads the secret itself, with echo on: that line is only for the others' sake.
        prop_assume!(!command.starts_with("cat"));
        // Without a terminal `su` and `sudo` ask the pipe.
        let end = if cols.is_some() { "\r" } else { "\n" };
        prop_assume!(cols.is_some() || command != "sudo su -");
        let mut bytes = format!("{command}{end}").into_bytes();
        for _ in 0..2 {
            bytes.extend_from_slice(secret.as_bytes());
            bytes.extend_from_slice(end.as_bytes());
            if !command.starts_with("passwd") {
                break;
            }
        }
        let user = "bob";
        let mut bytes_full = bytes.clone();
        if command == "passwd" {
            // The current password comes first.
            bytes_full = [format!("{command}{end}{secret}{end}").as_bytes(), &bytes[command.len() + 1..]].concat();
        }
        let cut = cut.index(bytes_full.len());
        let steps = drive(user, cols, &[&bytes_full[..cut], &bytes_full[cut..]]);
        for step in &steps {
            prop_assert!(!holds(step, secret.as_bytes()), "{:?}", step);
        }
        prop_assert!(steps.iter().any(|step| matches!(step, Step::HiddenInput(_))));
    }
}
