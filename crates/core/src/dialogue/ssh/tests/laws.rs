//! Laws for whatever comes.
//!
//! **Invariant:** each holds for all inputs; the bodies that fuzzers run are tried here too.

use proptest::prelude::*;

use super::*;
use crate::dialogue::ssh::fuzz;
use crate::dialogue::ssh::happening::Happening;

/// A login, and messages behind it that are answered at once.
fn conversation(piece: usize, messages: &[Vec<u8>]) -> (Vec<Vec<u8>>, Vec<Happening>) {
    let mut client = Client::logged_in(config(), Wishes { piece, ..Wishes::default() });
    let mut bytes = Vec::new();
    messages.iter().for_each(|message| client.seal(message, &mut bytes));
    client.give(&bytes);
    (client.heard(), client.happenings())
}

/// Messages, well-formed but for what is in them. None ends a channel: when its number is free
/// again depends on what is read at once, also with sshd.
fn message() -> impl Strategy<Value = Vec<u8>> {
    let name = prop::sample::select(vec![
        &b"shell"[..],
        b"exec",
        b"env",
        b"pty-req",
        b"x11-req",
        b"tcpip-forward",
        b"signal",
        b"auth-agent-req@openssh.com",
        b"window-change",
        b"subsystem",
        b"hostkeys-prove-00@openssh.com",
    ]);
    let rest = prop::collection::vec(any::<u8>(), 0..40);
    prop_oneof![
        (0..3_u32).prop_map(|remote| opening(b"session", remote).into()),
        (0..4_u32, name.clone(), rest.clone())
            .prop_map(|(id, name, any)| request(id, name).bytes(&any).into()),
        (name, rest.clone()).prop_map(|(name, any)| global(name).bytes(&any).into()),
        (0..4_u32, rest.clone()).prop_map(|(id, any)| data(id, &any).into()),
        (0..4_u32, any::<u32>()).prop_map(|(id, grown)| to(93, id).number(grown).into()),
        (2..192_u8, rest).prop_filter_map("a number of its own", |(number, any)| {
            let is_own = [EXT_INFO, KEXINIT, NEWKEYS, CHANNEL_EOF, CHANNEL_CLOSE].contains(&number);
            (!is_own).then(|| [&[number][..], &any].concat())
        }),
    ]
}

/// A message behind the byte for its length, or what a driver does.
fn step() -> impl Strategy<Value = Vec<u8>> {
    let order = prop::collection::vec(any::<u8>(), 3)
        .prop_map(|order| vec![4, 0, order[0] % 14, order[1] % 4, order[2] % 3]);
    let channel = (prop::sample::select(vec![CHANNEL_EOF, CHANNEL_CLOSE]), 0..4_u32)
        .prop_map(|(number, id)| [&[5][..], to(number, id).as_ref()].concat());
    let message = message().prop_map(|message| {
        let length = message.len().min(255);
        [&[length as u8][..], &message[..length]].concat()
    });
    prop_oneof![2 => order, 1 => channel, 5 => message]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn where_packets_are_cut_changes_nothing(
        piece in 1..200_usize,
        messages in prop::collection::vec(message(), 0..20),
    ) {
        prop_assert_eq!(conversation(piece, &messages), conversation(8_192, &messages));
    }

    #[test]
    fn bytes_before_keys_are_answered(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        fuzz::clear(&bytes);
        let lined = [&bytes[..bytes.len().min(1)], b"SSH-2.0-x\r\n", &bytes].concat();
        fuzz::clear(&lined);
        let headed = [&lined[..], &[0, 0, 0, 12, 4]].concat();
        fuzz::clear(&headed);
    }

    #[test]
    fn any_steps_keep_the_laws(
        how in any::<u8>(),
        steps in prop::collection::vec(step(), 0..40),
    ) {
        let steps = [&[how][..], &steps.concat()].concat();
        fuzz::connection(&steps);
        fuzz::authentication(&steps);
    }
}

/// Each is cut off anywhere, behind a session that is open.
#[test]
fn half_a_message_is_answered_or_the_end() {
    let whole: [Vec<u8>; 6] = [
        opening(b"direct-tcpip", 7).string(b"a").number(1).string(b"b").number(1).into(),
        request(0, b"pty-req")
            .string(b"x")
            .number(1)
            .number(1)
            .number(0)
            .number(0)
            .string(b"")
            .into(),
        request(0, b"x11-req").byte(0).string(b"a").string(b"b").number(0).into(),
        global(b"tcpip-forward").string(b"a").number(80).into(),
        data(0, b"x").into(),
        to(91, 0).number(1).number(1).number(1).into(),
    ];
    for message in whole {
        let open: Vec<u8> = opening(b"session", 7).into();
        let head = [&[0, open.len() as u8][..], &open].concat();
        for end in 1..message.len() {
            let cut = &message[..end];
            fuzz::connection(&[&head[..], &[end as u8], cut].concat());
        }
    }
}
