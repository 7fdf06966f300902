//! Carries out each move of a scenario.

use std::io::ErrorKind;

use super::{EarlyEnd, Player, Waited};
use crate::codes::{Cause, Symptom};
use crate::diagnose;
use crate::program::IdleTimer;
use crate::report::{Act, Reason};
use crate::scenario::Move;
use socklab_core::transcript::Role;

impl Player<'_> {
    pub(super) fn act(&mut self, one: &Move) -> Result<(), EarlyEnd> {
        match one {
            Move::Open(peer) => self.open(peer),
            Move::Send { peer, bytes } => self.send(peer, bytes),
            Move::Pieces { peer, bytes } => self.send_pieces(peer, bytes),
            Move::Finish(peer) => {
                self.wire.finish(peer);
                self.our_step(Act::WeFinish);
                Ok(())
            }
            Move::Reset(peer) => {
                self.wire.reset(peer);
                self.our_step(Act::WeReset);
                Ok(())
            }
            Move::Network { how, seed, text } => {
                self.wire.impair(*how, *seed);
                self.our_step(Act::WeImpair(text.clone()));
                Ok(())
            }
            Move::Type(line) => self.type_line(line),
            Move::Dni(dni) => {
                self.given.use_dni(dni);
                Ok(())
            }
            Move::Restart => self.restart(),
            Move::Hear { peer, bytes } => self.hear(peer, bytes),
            Move::Reply(peer) => {
                self.reply = self.any_reply(peer)?;
                Ok(())
            }
            Move::Otherwise(peer) => {
                let before = self.reply.clone();
                let now = self.any_reply(peer)?;
                if now != before {
                    return Ok(());
                }
                let cause = Some(self.why_the_same(&before));
                let symptom = match self.setup.exercise.transport {
                    Some(_) => Symptom::WrongReply,
                    None => Symptom::WrongOutput,
                };
                Err(self.fail_with(symptom, cause, None, Some(now)))
            }
            Move::Secret => self.secret(),
            Move::Uri => self.uri(),
            Move::Submission => self.submission(),
            Move::AtOnce => self.at_once(),
            Move::Nothing(peer) => self.nothing(peer),
            Move::Connection => self.connection(),
            Move::End(peer) => self.end(peer),
            Move::Shows(text) => self.shows(text),
            Move::Exits => self.exits(),
            Move::Reachable => self.reachable(),
        }
    }

    fn open(&mut self, peer: &str) -> Result<(), EarlyEnd> {
        match self.wire.open(peer) {
            Ok(true) if self.wire.is_stream() => {
                self.our_step(Act::WeConnect);
                Ok(())
            }
            Ok(_) => Ok(()),
            Err(error) => Err(self.refused(&error)),
        }
    }

    /// The program listened, but accepts no connection.
    fn refused(&mut self, error: &std::io::Error) -> EarlyEnd {
        if let Some(address) = self.setup.connect {
            return match error.kind() {
                ErrorKind::ConnectionRefused => self.port_closed(address),
                ErrorKind::TimedOut => EarlyEnd::NotChecked(Reason::NotReached(vec![address])),
                _ => EarlyEnd::NotChecked(Reason::System(error.to_string())),
            };
        }
        self.our_step(Act::WeConnect);
        if self.ends() {
            return self.exited(Symptom::EndsEarly);
        }
        // The program may have closed only its listening socket.
        if self.listening().is_empty() {
            let cause = self.has_answered().then_some(Cause::ServesOnce);
            return self.fail(Symptom::NeverListens, cause);
        }
        EarlyEnd::NotChecked(Reason::System(error.to_string()))
    }

    fn send(&mut self, peer: &str, bytes: &[u8]) -> Result<(), EarlyEnd> {
        self.open(peer)?;
        let bytes = self.filled(bytes);
        let just_sent = (self.steps.last()).is_some_and(|step| matches!(step.act, Act::WeSend(_)));
        if self.wire.is_stream() && just_sent {
            self.until_taken();
        }
        self.shown = self.output_len();
        self.our_step(Act::WeSend(bytes.clone()));
        // Ignore errors: the program has closed, and the next move will show it.
        let _ = self.wire.send(peer, &bytes);
        if self.setup.exercise.name == "chat" && peer != "a" {
            self.stranger = Some(bytes.clone());
        }
        self.sent.push(bytes);
        Ok(())
    }

    /// Bytes of a scenario, with the fields of a submission filled in.
    pub(super) fn filled(&mut self, bytes: &[u8]) -> Vec<u8> {
        match self.setup.exercise.secret {
            true => self.given.text(bytes, self.setup.submitter),
            false => bytes.to_vec(),
        }
    }

    /// Waits until the program has read the last bytes, so that the next are not received together
    /// with them.
    fn until_taken(&mut self) {
        let before = self.receives();
        let mut taken = |player: &mut Self| (player.receives() > before).then_some(());
        if self.reports() && self.blocked().is_none() {
            let _: Waited<()> = self.wait_until(&mut taken, IdleTimer::is_quiet);
        }
        let _ = self.wait_until_quiet();
    }

    fn receives(&mut self) -> usize {
        let Some(program) = &mut self.program else {
            return 0;
        };
        program.evidence.read();
        program.evidence.calls(&diagnose::RECEIVES).count()
    }

    fn send_pieces(&mut self, peer: &str, bytes: &[u8]) -> Result<(), EarlyEnd> {
        self.open(peer)?;
        let bytes = self.filled(bytes);
        self.shown = self.output_len();
        self.our_step(Act::WeSend(bytes.clone()));
        let _ = self.wire.send_pieces(peer, &bytes);
        self.sent.push(bytes);
        Ok(())
    }

    pub(super) fn output_len(&self) -> usize {
        let program = self.program.as_ref();
        program.map_or(0, |program| program.output.bytes().len())
    }

    fn hear(&mut self, peer: &str, expected: &[u8]) -> Result<(), EarlyEnd> {
        if self.wire.is_stream() {
            return self.hear_bytes(peer, expected);
        }
        match self.wait(|player| player.wire.datagram(peer)) {
            Waited::Ready(bytes) => {
                let right = bytes == expected;
                self.program_step(Act::Sends(bytes.clone()), right);
                if right {
                    self.heard.push(bytes);
                    return Ok(());
                }
                Err(self.wrong_reply(peer, expected, bytes))
            }
            Waited::Exited => Err(self.ends_early(expected)),
            Waited::Over => Err(self.no_reply(peer, expected)),
        }
    }

    fn hear_bytes(&mut self, peer: &str, expected: &[u8]) -> Result<(), EarlyEnd> {
        let came = self.wait(|player| {
            let stream = player.wire.stream(peer)?;
            let rest = stream.rest();
            let pairs = rest.iter().zip(expected);
            let common = pairs.take_while(|(a, b)| a == b).count();
            let whole = common == expected.len();
            (whole || common < rest.len() || stream.ended).then_some(whole)
        });
        // Wait for more, so that the whole wrong answer is shown.
        if let Waited::Ready(false) = came {
            let _ = self.wait_until_quiet();
        }
        let Some(stream) = self.wire.stream(peer) else {
            return Err(EarlyEnd::NotChecked(Reason::System(
                "no connection".to_owned(),
            )));
        };
        if matches!(came, Waited::Ready(true)) {
            stream.taken += expected.len();
            self.heard.push(expected.to_vec());
            self.program_step(Act::Sends(expected.to_vec()), true);
            return Ok(());
        }
        let rest = stream.rest().to_vec();
        if !rest.is_empty() {
            self.program_step(Act::Sends(rest.clone()), false);
            return Err(self.wrong_reply(peer, expected, rest));
        }
        if stream.ended {
            self.program_step(Act::Closes, false);
        }
        match came {
            Waited::Over => Err(self.no_reply(peer, expected)),
            _ => Err(self.ends_early(expected)),
        }
    }

    /// Waits for any message that is not empty.
    fn any_reply(&mut self, peer: &str) -> Result<Vec<u8>, EarlyEnd> {
        if self.setup.exercise.transport.is_none() {
            return self.answer_shown();
        }
        let came = self.wait(|player| {
            let stream = player.wire.stream(peer)?;
            (!stream.rest().is_empty() || stream.ended).then_some(())
        });
        if let Some(stream) = self.wire.stream(peer)
            && !stream.rest().is_empty()
        {
            // Receive all of it: up to the end of stream, or until the program does something else.
            let mut ended = |player: &mut Self| player.wire.stream(peer)?.ended.then_some(());
            let _: Waited<()> = self.wait_until(&mut ended, IdleTimer::is_quiet);
            let Some(stream) = self.wire.stream(peer) else {
                return Ok(Vec::new());
            };
            let all = stream.rest().to_vec();
            stream.taken = stream.received.len();
            self.program_step(Act::Sends(all.clone()), true);
            self.heard.push(all.clone());
            return Ok(all);
        }
        match came {
            Waited::Over => Err(self.no_reply(peer, b"")),
            _ => {
                self.program_step(Act::Closes, false);
                Err(self.ends_early(b""))
            }
        }
    }

    fn nothing(&mut self, peer: &str) -> Result<(), EarlyEnd> {
        let mut came = |player: &mut Self| player.wire.datagram(peer);
        match self.wait_until(&mut came, IdleTimer::is_quiet) {
            Waited::Ready(bytes) => {
                self.program_step(Act::Sends(bytes.clone()), false);
                let answered = self.heard.len() >= self.sent.len();
                let cause = match (self.setup.exercise.name, self.setup.role) {
                    ("chat", _) => Some(Cause::TurnBroken),
                    (_, Role::Server) if answered => Some(Cause::ExtraReply),
                    _ => None,
                };
                Err(self.fail_with(Symptom::WrongReply, cause, None, Some(bytes)))
            }
            Waited::Exited if self.exit_code() != Some(0) => Err(self.exited(Symptom::EndsEarly)),
            // A program that has ended is silent too.
            Waited::Exited | Waited::Over => {
                self.program_step(Act::Silent, true);
                Ok(())
            }
        }
    }

    fn at_once(&mut self) -> Result<(), EarlyEnd> {
        // A program may have other sockets too: asyncio wakes itself through one.
        let whole = self.heard.last();
        let at_once = self.evidence().is_none_or(|evidence| {
            let mut calls = evidence.calls(&diagnose::SENDS).peekable();
            calls.peek().is_none() || calls.any(|call| call.data.as_ref() == whole)
        });
        if at_once {
            return Ok(());
        }
        let (cause, received) = (Some(Cause::SeveralSends), whole.cloned());
        Err(self.fail_with(Symptom::WrongReply, cause, None, received))
    }

    pub(super) fn connection(&mut self) -> Result<(), EarlyEnd> {
        match self.wait(|player| {
            player.answer_where();
            player.wire.accept("a").unwrap_or(false).then_some(())
        }) {
            Waited::Ready(()) => {
                self.program_step(Act::Connects, true);
                Ok(())
            }
            Waited::Exited | Waited::Over => Err(self.no_request()),
        }
    }

    fn end(&mut self, peer: &str) -> Result<(), EarlyEnd> {
        let client = self.setup.role == Role::Client;
        let came = self.wait(|player| {
            let stream = player.wire.stream(peer)?;
            (stream.ended || !stream.rest().is_empty()).then_some(())
        });
        let Some(stream) = self.wire.stream(peer) else {
            return Ok(());
        };
        let more = stream.rest().to_vec();
        if !more.is_empty() {
            let expected = stream.received[..stream.taken].to_vec();
            let received = stream.received.clone();
            self.program_step(Act::Sends(more), false);
            return Err(self.wrong_reply(peer, &expected, received));
        }
        if stream.ended || matches!(came, Waited::Exited) {
            self.program_step(Act::Closes, true);
            // Reset the connection, so that a server's port is free at once. But a client may still
            // read.
            if !client {
                self.wire.reset(peer);
            }
            return Ok(());
        }
        self.note_blocked_call();
        let symptom = match client {
            true => Symptom::Hangs,
            false => Symptom::NeverCloses,
        };
        let cause = self.why_open(peer);
        Err(self.fail(symptom, cause))
    }

    fn exits(&mut self) -> Result<(), EarlyEnd> {
        if self.program.is_none() {
            return Ok(());
        }
        if !self.ends() {
            return self.never_ends().map_or(Ok(()), Err);
        }
        if self.crashed() {
            return Err(self.exited(Symptom::Crash));
        }
        let code = self.exit_code();
        self.program_step(Act::Exits(code), true);
        Ok(())
    }

    fn reachable(&mut self) -> Result<(), EarlyEnd> {
        let transport = self.setup.exercise.transport;
        let mut own = self.listening();
        own.retain(|one| Some(one.transport) == transport);
        if own.is_empty() || own.iter().any(|one| !one.address.ip().is_loopback()) {
            return Ok(());
        }
        Err(self.fail(Symptom::Unreachable, Some(Cause::LoopbackOnly)))
    }
}
