//! The library's callbacks, all of them: each is a fact and an answer.
//!
//! **Invariant:** no callback is left to its default, and none waits for a shell; what a callback
//! gets has the instant at which its bytes were read from the socket.

use crate::decoy::ssh::connection::Connection;
use crate::decoy::ssh::requests::Slot;
use decnet_core::event::Timestamp;
use russh::server::{
    Auth, ChannelOpenHandle, Handler, Msg, PublicKeyOffer, Response, Session, VerifiedPublicKey,
};
use russh::{Channel, ChannelId, Pty, Sig};
use std::collections::BTreeMap;
use std::sync::Arc;

/// What the library calls, for one connection.
pub(super) struct SshHandler {
    pub(super) connection: Arc<Connection>,
    /// The user who logged in.
    pub(super) user: Vec<u8>,
    pub(super) tries: u32,
    pub(super) failures: u32,
    pub(super) keys: u32,
    pub(super) channels: u32,
    pub(super) requests: u32,
    pub(super) slots: BTreeMap<ChannelId, Slot>,
    /// Forwards that the peer believes in: address or path, and port.
    pub(super) forwards: Vec<(Vec<u8>, u32)>,
}

/// Why the library's task ends.
#[derive(Debug, thiserror::Error)]
pub(super) enum Closing {
    /// The library cannot go on.
    #[error(transparent)]
    Library(#[from] russh::Error),
    /// The connection's own task wants the end.
    #[error("the connection is being closed")]
    Asked,
}

impl SshHandler {
    pub(super) fn new(connection: Arc<Connection>) -> Self {
        Self {
            connection,
            user: Vec::new(),
            tries: 0,
            failures: 0,
            keys: 0,
            channels: 0,
            requests: 0,
            slots: BTreeMap::new(),
            forwards: Vec::new(),
        }
    }

    /// The instant of what is being handled.
    pub(super) fn at(&self) -> Timestamp {
        self.connection.line.last_read()
    }
}

type Handled<T = ()> = Result<T, Closing>;

impl Handler for SshHandler {
    type Error = Closing;

    async fn auth_none(&mut self, user: &str) -> Handled<Auth> {
        self.tried(b"none", user, Vec::new()).await
    }

    async fn auth_password(&mut self, user: &str, password: &str) -> Handled<Auth> {
        self.password(user, password).await
    }

    async fn auth_publickey_offered(
        &mut self,
        user: &str,
        offer: PublicKeyOffer<'_>,
    ) -> Handled<Auth> {
        self.key(user, offer.public_key, offer.algorithm.as_str(), Self::ASKED).await
    }

    // Not reached while every offer is refused, and recorded all the same.
    async fn auth_publickey(&mut self, user: &str, key: VerifiedPublicKey<'_>) -> Handled<Auth> {
        self.key(user, key.public_key, key.algorithm.as_str(), Self::SIGNED).await
    }

    // Not reached either: a certificate's key is offered first.
    async fn auth_openssh_certificate(
        &mut self,
        user: &str,
        certificate: &russh::keys::Certificate,
    ) -> Handled<Auth> {
        self.certificate(user, certificate).await
    }

    async fn auth_keyboard_interactive<'a>(
        &'a mut self,
        user: &str,
        _submethods: &str,
        response: Option<Response<'a>>,
    ) -> Handled<Auth> {
        // Debian's sshd does not offer the method; a client that asks all the same is refused.
        let answers = response.into_iter().flatten().map(|answer| answer.to_vec()).collect();
        self.tried(b"keyboard-interactive", user, answers).await
    }

    async fn auth_succeeded(&mut self, _session: &mut Session) -> Handled {
        self.connection.log_in();
        Ok(())
    }

    async fn authentication_banner(&mut self) -> Handled<Option<String>> {
        Ok(None)
    }

    async fn channel_open_session(
        &mut self,
        channel: Channel<Msg>,
        reply: ChannelOpenHandle,
        session: &mut Session,
    ) -> Handled {
        self.open_session(channel.id(), reply, session).await
    }

    async fn channel_open_x11(
        &mut self,
        _channel: Channel<Msg>,
        originator_address: &str,
        originator_port: u32,
        reply: ChannelOpenHandle,
        _session: &mut Session,
    ) -> Handled {
        let originator = (originator_address.as_bytes(), originator_port);
        self.refuse_channel(b"x11", None, Some(originator), OPEN_FAILED, reply).await
    }

    async fn channel_open_direct_tcpip(
        &mut self,
        _channel: Channel<Msg>,
        host_to_connect: &str,
        port_to_connect: u32,
        originator_address: &str,
        originator_port: u32,
        reply: ChannelOpenHandle,
        _session: &mut Session,
    ) -> Handled {
        let target = (host_to_connect.as_bytes(), port_to_connect);
        let originator = (originator_address.as_bytes(), originator_port);
        let (target, originator) = (Some(target), Some(originator));
        self.refuse_channel(b"direct-tcpip", target, originator, REFUSED, reply).await
    }

    async fn channel_open_forwarded_tcpip(
        &mut self,
        _channel: Channel<Msg>,
        host_to_connect: &str,
        port_to_connect: u32,
        originator_address: &str,
        originator_port: u32,
        reply: ChannelOpenHandle,
        _session: &mut Session,
    ) -> Handled {
        let target = (host_to_connect.as_bytes(), port_to_connect);
        let originator = (originator_address.as_bytes(), originator_port);
        let (target, originator) = (Some(target), Some(originator));
        self.refuse_channel(b"forwarded-tcpip", target, originator, OPEN_FAILED, reply).await
    }

    async fn channel_open_direct_streamlocal(
        &mut self,
        _channel: Channel<Msg>,
        socket_path: &str,
        reply: ChannelOpenHandle,
        _session: &mut Session,
    ) -> Handled {
        let kind = b"direct-streamlocal@openssh.com";
        let target = Some((socket_path.as_bytes(), 0));
        self.refuse_channel(kind, target, None, OPEN_FAILED, reply).await
    }

    // We open no channels, so there is none to be confirmed.
    async fn channel_open_confirmation(
        &mut self,
        _id: ChannelId,
        _max_packet_size: u32,
        _window_size: u32,
        _session: &mut Session,
    ) -> Handled {
        self.unexpected(b"channel open confirmation").await
    }

    async fn channel_close(&mut self, channel: ChannelId, _session: &mut Session) -> Handled {
        self.closed(channel).await
    }

    async fn channel_eof(&mut self, channel: ChannelId, _session: &mut Session) -> Handled {
        self.ended(channel);
        Ok(())
    }

    async fn data(&mut self, channel: ChannelId, data: &[u8], _session: &mut Session) -> Handled {
        self.data(channel, data).await
    }

    // RFC 4254 §5.2 has extended data go to clients alone; OpenSSH ignores it too.
    async fn extended_data(
        &mut self,
        _channel: ChannelId,
        _code: u32,
        _data: &[u8],
        _session: &mut Session,
    ) -> Handled {
        self.unexpected(b"extended data").await
    }

    // How much a peer can take is between it and the library.
    async fn window_adjusted(
        &mut self,
        _channel: ChannelId,
        _new_size: u32,
        _session: &mut Session,
    ) -> Handled {
        Ok(())
    }

    fn adjust_window(&mut self, _channel: ChannelId, current: u32) -> u32 {
        current
    }

    async fn pty_request(
        &mut self,
        channel: ChannelId,
        term: &str,
        col_width: u32,
        row_height: u32,
        pix_width: u32,
        pix_height: u32,
        modes: &[(Pty, u32)],
        session: &mut Session,
    ) -> Handled {
        let size = [col_width, row_height, pix_width, pix_height];
        self.pty(channel, term, size, modes, session).await
    }

    async fn x11_request(
        &mut self,
        channel: ChannelId,
        _single_connection: bool,
        x11_auth_protocol: &str,
        _x11_auth_cookie: &str,
        x11_screen_number: u32,
        session: &mut Session,
    ) -> Handled {
        self.x11(channel, x11_auth_protocol, x11_screen_number, session).await
    }

    async fn env_request(
        &mut self,
        channel: ChannelId,
        variable_name: &str,
        variable_value: &str,
        session: &mut Session,
    ) -> Handled {
        self.env(channel, variable_name, variable_value, session).await
    }

    async fn shell_request(&mut self, channel: ChannelId, session: &mut Session) -> Handled {
        self.shell(channel, session).await
    }

    async fn exec_request(
        &mut self,
        channel: ChannelId,
        data: &[u8],
        session: &mut Session,
    ) -> Handled {
        self.exec(channel, data, session).await
    }

    async fn subsystem_request(
        &mut self,
        channel: ChannelId,
        name: &str,
        session: &mut Session,
    ) -> Handled {
        self.subsystem(channel, name, session).await
    }

    async fn window_change_request(
        &mut self,
        channel: ChannelId,
        col_width: u32,
        row_height: u32,
        pix_width: u32,
        pix_height: u32,
        session: &mut Session,
    ) -> Handled {
        let size = [col_width, row_height, pix_width, pix_height];
        self.window_change(channel, size, session).await
    }

    async fn agent_request(&mut self, channel: ChannelId, _session: &mut Session) -> Handled<bool> {
        self.agent(channel).await
    }

    async fn signal(&mut self, channel: ChannelId, signal: Sig, session: &mut Session) -> Handled {
        self.signal(channel, &signal, session).await
    }

    async fn tcpip_forward(
        &mut self,
        address: &str,
        port: &mut u32,
        _session: &mut Session,
    ) -> Handled<bool> {
        self.forward(address, port).await
    }

    async fn cancel_tcpip_forward(
        &mut self,
        address: &str,
        port: u32,
        _session: &mut Session,
    ) -> Handled<bool> {
        self.cancel(b"cancel-tcpip-forward", address, port).await
    }

    async fn streamlocal_forward(
        &mut self,
        socket_path: &str,
        _session: &mut Session,
    ) -> Handled<bool> {
        self.forward_path(socket_path).await
    }

    async fn cancel_streamlocal_forward(
        &mut self,
        socket_path: &str,
        _session: &mut Session,
    ) -> Handled<bool> {
        self.cancel(b"cancel-streamlocal-forward@openssh.com", socket_path, 0).await
    }

    // As sshd: nothing under 2,048 bits, however old the client.
    async fn lookup_dh_gex_group(
        &mut self,
        wanted: &russh::client::GexParams,
    ) -> Handled<Option<russh::kex::dh::groups::DhGroup>> {
        Ok(crate::decoy::ssh::server::group(wanted))
    }
}

/// OpenSSH's word for a channel that it does not open.
pub(super) const OPEN_FAILED: &str = "open failed";
/// Its word for a port that nobody listens on.
const REFUSED: &str = "Connection refused";
