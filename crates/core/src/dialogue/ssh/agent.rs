//! The one question to a client's agent: which keys it has.
//!
//! **Invariant:** nothing is ever asked to be signed, added or removed.

use super::message::Fields;
use crate::event::{AgentKey, PeerFact};
use crate::limits::{DETAIL_BYTES, KEY_BYTES, SSH_AGENT_BYTES, SSH_AGENT_KEYS};
use crate::octets::{Binary, Octets};

/// `SSH_AGENTC_REQUEST_IDENTITIES`, with its length (draft-ietf-sshm-ssh-agent §3.1).
pub(super) const REQUEST_IDENTITIES: &[u8] = &[0, 0, 0, 1, 11];
/// `SSH_AGENT_IDENTITIES_ANSWER`.
const IDENTITIES_ANSWER: u8 = 12;

/// What has come of the answer.
#[derive(Debug, Default)]
pub(super) struct Agent {
    answer: Vec<u8>,
    is_over: bool,
}

impl Agent {
    /// Takes bytes of the answer; the fact, once that is whole. What is no answer is an empty list.
    pub(super) fn receive(&mut self, bytes: &[u8]) -> Option<PeerFact> {
        if self.is_over {
            return None;
        }
        self.answer.extend_from_slice(bytes);
        let mut fields = Fields::new(&self.answer);
        let length = usize::try_from(fields.u32().ok()?).unwrap_or(usize::MAX);
        if length <= SSH_AGENT_BYTES && fields.rest().len() < length {
            return None;
        }
        let keys = fields.rest().get(..length).map(keys).unwrap_or_default();
        self.is_over = true;
        self.answer = Vec::new();
        Some(PeerFact::AgentKeys { keys })
    }
}

/// The keys of a message, up to where it cannot be read.
fn keys(message: &[u8]) -> Vec<AgentKey> {
    let mut fields = Fields::new(message);
    if fields.u8() != Ok(IDENTITIES_ANSWER) || fields.u32().is_err() {
        return Vec::new();
    }
    let mut keys = Vec::new();
    while keys.len() < SSH_AGENT_KEYS
        && let (Ok(key), Ok(comment)) = (fields.string(), fields.string())
    {
        keys.push(AgentKey {
            key: Binary(Octets::capped(key, KEY_BYTES).0),
            comment: Octets::capped(comment, DETAIL_BYTES),
        });
    }
    keys
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialogue::ssh::message::Payload;

    fn answer(keys: &[(&[u8], &[u8])]) -> Vec<u8> {
        let mut message = Payload::new(IDENTITIES_ANSWER).number(keys.len() as u32);
        for (key, comment) in keys {
            message = message.string(key).string(comment);
        }
        [&(message.as_ref().len() as u32).to_be_bytes(), message.as_ref()].concat()
    }

    #[test]
    fn an_answer_in_pieces_is_one_list() {
        let bytes = answer(&[(b"key", b"me@home"), (b"other", b"")]);
        let mut agent = Agent::default();
        let (last, before) = bytes.split_last().unwrap();
        for byte in before {
            assert_eq!(agent.receive(&[*byte]), None);
        }
        let Some(PeerFact::AgentKeys { keys }) = agent.receive(&[*last]) else { panic!() };
        let comments: Vec<_> = keys.iter().map(|key| key.comment.as_bytes()).collect();
        assert_eq!(comments, [&b"me@home"[..], b""]);
        assert_eq!(agent.receive(&bytes), None);
    }

    #[test]
    fn what_is_no_answer_is_no_key() {
        for bytes in [&[0, 0, 0, 1, 5][..], &[255; 8], &[0, 0, 0, 0]] {
            let fact = Agent::default().receive(bytes);
            assert_eq!(fact, Some(PeerFact::AgentKeys { keys: Vec::new() }));
        }
    }
}
