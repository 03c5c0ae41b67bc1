//! Requests to forward ports and sockets: granted as sshd grants them, and nothing is ever bound.
//!
//! **Invariant:** no socket is opened here. What the peer believes in is a list of names.

use crate::decoy::ssh::handler::{Closing, SshHandler};
use decnet_core::event::{Answer, PeerFact, Target};
use decnet_core::limits::DETAIL_BYTES;
use decnet_core::octets::Octets;

impl SshHandler {
    /// `tcpip-forward`: a port of zero is given one.
    pub(super) async fn forward(&mut self, address: &str, port: &mut u32) -> Result<bool, Closing> {
        if !self.is_counted().await {
            return Ok(false);
        }
        let asked = *port;
        let given = if asked == 0 { self.free_port() } else { asked };
        let is_free = !self.forwards.iter().any(|(_, taken)| *taken == given);
        // Ports under 1,024 are root's, and one is sshd's own.
        let is_allowed = given <= 65_535
            && (given >= 1_024 || self.user == b"root")
            && given != u32::from(self.connection.origin.local.port());
        let answer = if is_free && is_allowed && self.forwards.len() < FORWARDS {
            self.forwards.push((address.as_bytes().to_vec(), given));
            *port = given;
            Answer::Granted
        } else {
            Answer::Refused
        };
        self.forward_fact(b"tcpip-forward", address, asked, answer).await;
        Ok(answer == Answer::Granted)
    }

    /// `streamlocal-forward@openssh.com`.
    pub(super) async fn forward_path(&mut self, path: &str) -> Result<bool, Closing> {
        if !self.is_counted().await {
            return Ok(false);
        }
        let is_new = !self.forwards.iter().any(|(taken, _)| taken == path.as_bytes());
        let answer = if is_new && path.starts_with('/') && self.forwards.len() < FORWARDS {
            self.forwards.push((path.as_bytes().to_vec(), 0));
            Answer::Granted
        } else {
            Answer::Refused
        };
        self.forward_fact(b"streamlocal-forward@openssh.com", path, 0, answer).await;
        Ok(answer == Answer::Granted)
    }

    /// Both ways to cancel.
    pub(super) async fn cancel(
        &mut self,
        name: &[u8],
        address: &str,
        port: u32,
    ) -> Result<bool, Closing> {
        if !self.is_counted().await {
            return Ok(false);
        }
        let known =
            self.forwards.iter().position(|(taken, at)| taken == address.as_bytes() && *at == port);
        let answer = match known {
            Some(index) => {
                self.forwards.swap_remove(index);
                Answer::Granted
            }
            None => Answer::Refused,
        };
        self.forward_fact(name, address, port, answer).await;
        Ok(answer == Answer::Granted)
    }

    async fn forward_fact(&self, name: &[u8], host: &str, port: u32, answer: Answer) {
        let at = self.at();
        let host = self.connection.kept(at, host.as_bytes(), DETAIL_BYTES).await;
        let target = Target { host, port };
        let fact = PeerFact::ForwardRequested { name: Octets::from(name), target, answer };
        self.connection.fact(at, fact).await;
    }

    /// A port from Linux's ephemeral range that the peer was not given yet.
    fn free_port(&self) -> u32 {
        let random = u32::try_from(uuid::Uuid::new_v4().as_u64_pair().1 % PORTS).unwrap_or(0);
        let mut port = FIRST_PORT + random;
        while self.forwards.iter().any(|(_, taken)| *taken == port) && port < LAST_PORT {
            port += 1;
        }
        port
    }
}

/// Forwards that one connection can believe in.
const FORWARDS: usize = 64;
const FIRST_PORT: u32 = 32_768;
const LAST_PORT: u32 = 60_999;
const PORTS: u64 = 28_232;
