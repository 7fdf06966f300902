//! After a failure: asks the program more, to prove a cause.

use socklab_core::transcript::Role;

use super::{EarlyEnd, Player, Waited};
use crate::codes::{Cause, Symptom};
use crate::diagnose::{self, RECEIVES, SENDS};
use crate::program::IdleTimer;
use crate::report::{Act, Reason};

impl Player<'_> {
    /// The program sent something other than expected.
    pub(super) fn wrong_reply(
        &mut self,
        peer: &str,
        expected: &[u8],
        received: Vec<u8>,
    ) -> EarlyEnd {
        let question = match self.setup.role {
            Role::Server => self.sent.last(),
            Role::Client => None,
        };
        let exchange = diagnose::Exchange {
            exercise: self.setup.exercise.name,
            question: question.map(Vec::as_slice),
            expected,
            received: &received,
        };
        let begins = !received.is_empty() && expected.starts_with(&received);
        let mut cause = diagnose::payload(&exchange);
        if cause.is_none() && begins {
            let evidence = self.evidence();
            cause = evidence.and_then(|evidence| diagnose::small_buffer(evidence, &received));
        }
        if cause.is_none() && begins && self.sent_in_several(expected) {
            cause = Some(Cause::SeveralSends);
        }
        if cause.is_none() && self.repeats(&received) {
            cause = Some(Cause::InputOutsideLoop);
        }
        if cause.is_none() && self.answers_always(peer, &received) {
            cause = Some(Cause::HardCodedAnswer);
        }
        if cause.is_none() && self.is_one_word(expected, &received) {
            cause = Some(Cause::OneWord);
        }
        let symptom = match (begins, cause) {
            (true, None | Some(Cause::SmallBuffer | Cause::SeveralSends | Cause::OneWord)) => {
                Symptom::Truncated
            }
            _ => Symptom::WrongReply,
        };
        self.fail_with(symptom, cause, Some(expected.to_vec()), Some(received))
    }

    /// Whether a client sent only the first word of its user's line.
    fn is_one_word(&self, expected: &[u8], received: &[u8]) -> bool {
        let [line, sent] = [expected, received].map(without_newline);
        self.typed.last().is_some_and(|typed| typed == line) && is_first_word(sent, line)
    }

    /// Whether the program's last sends together make up what one send should have carried.
    fn sent_in_several(&mut self, expected: &[u8]) -> bool {
        let _ = self.wait_until_quiet();
        let before = self.heard.len();
        self.evidence().is_some_and(|evidence| {
            let calls = evidence.calls(&SENDS).skip(before);
            let pieces: Vec<&[u8]> = calls.filter_map(|event| event.data.as_deref()).collect();
            pieces.len() > 1 && pieces.concat() == expected
        })
    }

    /// Whether the program repeated its last message without reading the next line.
    fn repeats(&mut self, received: &[u8]) -> bool {
        let again = self.heard.iter().any(|before| before == received);
        again && self.reports() && self.lines_read() < self.typed.len()
    }

    /// Whether an echo server answers two further questions alike.
    fn answers_always(&mut self, peer: &str, received: &[u8]) -> bool {
        let echoes = matches!(self.setup.exercise.name, "echo" | "capitals");
        if !echoes || self.setup.role != Role::Server || received.is_empty() {
            return false;
        }
        let end = if self.wire.is_stream() { "\n" } else { "" };
        ["otra pregunta", "y otra distinta"].iter().all(|question| {
            let question = format!("{question}{end}");
            self.ask(peer, question.as_bytes()).as_deref() == Some(received)
        })
    }

    /// Sends one more question, and waits for the answer.
    pub(super) fn ask(&mut self, peer: &str, question: &[u8]) -> Option<Vec<u8>> {
        if self.wire.is_stream() {
            let stream = self.wire.stream(peer)?;
            stream.taken = stream.received.len();
        }
        self.wire.send(peer, question).ok()?;
        let mut answer = |player: &mut Self| {
            if !player.wire.is_stream() {
                return player.wire.datagram(peer);
            }
            let rest = player.wire.stream(peer)?.rest();
            (!rest.is_empty()).then(|| rest.to_vec())
        };
        match self.wait_until(&mut answer, IdleTimer::is_over) {
            Waited::Ready(bytes) => Some(bytes),
            _ => None,
        }
    }

    /// The program is silent although it is its turn.
    pub(super) fn no_reply(&mut self, peer: &str, expected: &[u8]) -> EarlyEnd {
        if let Some(address) = self.setup.connect
            && !self.wire.is_stream()
            && self.was_not_there(address)
        {
            return self.port_closed(address);
        }
        let first = self.setup.role == Role::Client && self.heard.is_empty();
        if first && let Some(question) = self.asks_more() {
            return EarlyEnd::NotChecked(Reason::Asks(question));
        }
        self.note_blocked_call();
        let symptom = match first {
            true => Symptom::NoRequest,
            false => Symptom::NoReply,
        };
        if let Some((cause, detail)) = self.went_elsewhere(peer) {
            return self.fail(symptom, Some(cause)).detailed(Some(detail));
        }
        let cause = match self.survived() {
            Some((cause, _)) => Some(cause),
            None => self.why_silent(peer, first),
        };
        let expected = (!expected.is_empty()).then(|| expected.to_vec());
        self.fail_with(symptom, cause, expected, None)
    }

    fn why_silent(&mut self, peer: &str, first: bool) -> Option<Cause> {
        let receives = self.receives_now();
        let evidence = self.evidence();
        let sent = evidence.is_some_and(|evidence| evidence.calls(&SENDS).next().is_some());
        let took = evidence.map_or(0, |evidence| evidence.calls(&RECEIVES).count());
        if evidence.is_some_and(diagnose::wrote_to_a_file) && receives && !sent {
            return Some(Cause::NotFlushed);
        }
        if evidence.is_some_and(diagnose::reads_nothing_for_ever) {
            return Some(Cause::EmptyReadLoop);
        }
        if receives && first && !sent {
            return Some(Cause::Deadlock);
        }
        // The program has received everything, and waits for more although it is its turn to speak.
        if receives && self.setup.exercise.name == "chat" && took >= self.sent.len() && took > 0 {
            return Some(Cause::TurnBroken);
        }
        if self.wire.is_stream() && self.setup.role == Role::Server {
            if self.ask(peer, b"\n").is_some() {
                return Some(match self.sent.is_empty() {
                    true => Cause::Deadlock,
                    false => Cause::WaitsForNewline,
                });
            }
            return self.waits_for_eof(peer).then_some(Cause::WaitsForEof);
        }
        None
    }

    /// Whether the program waits in a call that receives.
    pub(super) fn receives_now(&self) -> bool {
        let blocked = self.blocked();
        blocked.is_some_and(|event| RECEIVES.contains(&event.call.as_str()))
    }

    /// Whether the program answers or closes once we send no more.
    fn waits_for_eof(&mut self, peer: &str) -> bool {
        let before = self.output_len();
        self.wire.finish(peer);
        let mut moved = |player: &mut Self| {
            let stream = player.wire.stream(peer)?;
            let moved = stream.ended || !stream.rest().is_empty();
            (moved || player.output_len() > before).then_some(())
        };
        matches!(
            self.wait_until(&mut moved, IdleTimer::is_over),
            Waited::Ready(()) | Waited::Exited
        ) && !self.crashed()
    }

    /// Whether the program sent to another port or host, or over the other transport.
    fn went_elsewhere(&mut self, peer: &str) -> Option<(Cause, String)> {
        let client = self.setup.role == Role::Client;
        // A client that only connects a UDP socket and then receives sends no packet.
        let waits_on_udp =
            self.receives_now() && self.blocked().is_some_and(|one| one.is_datagram());
        let on_udp = self.wire.is_stream() && waits_on_udp;
        if client && (on_udp || self.wire.is_trapped()) {
            let other = if self.wire.is_stream() { "UDP" } else { "TCP" };
            return Some((Cause::WrongProtocol, other.to_owned()));
        }
        let program = self.program.as_mut()?;
        program.evidence.read();
        let evidence = &program.evidence;
        if client {
            let mut ports = diagnose::reached_ports(evidence);
            let right = [self.setup.port.to_string(), self.given.port.clone()];
            let wrong = ports.pop()?;
            let all_wrong = !right.contains(&wrong) && !ports.iter().any(|one| right.contains(one));
            return all_wrong.then_some((Cause::WrongPort, wrong));
        }
        let last = evidence.calls(&["sendto", "recvfrom"]).next_back()?;
        let sent = evidence.calls(&["sendto"]).next_back()?;
        let to = sent.to.clone()?;
        let port = to.rsplit_once(':')?.1.parse().ok()?;
        // An earlier answer to another client is not wrong.
        let elsewhere = match last.call == "sendto" {
            true => self.wire.local_port(peer) != Some(port),
            false => !self.wire.has_local_port(port),
        };
        elsewhere.then_some((Cause::ReplyElsewhere, to))
    }

    /// The program ended, or closed the connection, before it sent what it should.
    pub(super) fn ends_early(&mut self, expected: &[u8]) -> EarlyEnd {
        // The end of the connection may only be the first sign that the program ends.
        let _ = self.wait_until_quiet();
        if self.exit_code().is_some() || self.crashed() {
            if self.owes_the_last_word(expected) && !self.crashed() {
                let code = self.exit_code();
                self.program_step(Act::Exits(code), false);
                let expected = Some(expected.to_vec());
                let cause = Some(Cause::FinNotSent);
                return self.fail_with(Symptom::EndsEarly, cause, expected, None);
            }
            let first = self.setup.role == Role::Client && self.heard.is_empty();
            return match self.went_elsewhere("a") {
                Some((cause, detail)) => self
                    .fail(Symptom::NoRequest, Some(cause))
                    .detailed(Some(detail)),
                None if first => self.exited(Symptom::NoRequest),
                None => self.exited(Symptom::EndsEarly),
            };
        }
        let failed = self.program.is_none() || self.errors().contains("Traceback (");
        let owes = !failed && self.owes_the_last_word(expected);
        let cause = owes.then_some(Cause::FinNotSent);
        let expected = (!expected.is_empty()).then(|| expected.to_vec());
        self.fail_with(Symptom::EndsEarly, cause, expected, None)
    }

    /// Whether the program knew the last word, and should have sent it next: its user has typed it,
    /// or a client has sent it to a server that answers in capitals.
    fn owes_the_last_word(&self, expected: &[u8]) -> bool {
        let capitals = matches!(self.setup.exercise.name, "echo" | "capitals");
        match (without_newline(expected), capitals, self.setup.role) {
            (b"FIN", true, Role::Server) => true,
            (b"fin", true, Role::Client) | (b"fin", false, _) => {
                let read = self.lines_read() >= self.typed.len();
                read && self.typed.last().is_some_and(|line| line == b"fin")
            }
            _ => false,
        }
    }

    /// The program is a client and does not connect.
    pub(super) fn no_request(&mut self) -> EarlyEnd {
        if let Some((cause, detail)) = self.went_elsewhere("a") {
            return self
                .fail(Symptom::NoRequest, Some(cause))
                .detailed(Some(detail));
        }
        if self.exit_code().is_some() || self.crashed() {
            return self.exited(Symptom::NoRequest);
        }
        if let Some(question) = self.question() {
            return EarlyEnd::NotChecked(Reason::Asks(question));
        }
        self.note_blocked_call();
        self.fail(Symptom::NoRequest, None)
    }

    /// The program did not show what came.
    pub(super) fn not_shown(&mut self, text: &[u8]) -> EarlyEnd {
        let (output, after) = (self.output(), self.output_since());
        let mut cause = diagnose::shown(self.evidence(), &self.sent, text, &after);
        let ended = self.exit_code().is_some();
        let mut symptom = Symptom::NotShown;
        let stranger = self.stranger.as_deref().filter(|said| !said.is_empty());
        if stranger.is_some_and(|said| diagnose::contains(&output, said)) {
            cause = Some(Cause::AnswersStrangers);
        } else if cause.is_none() && self.speaks_out_of_turn() {
            cause = Some(Cause::TurnBroken);
        }
        if !ended && after.is_empty() {
            self.note_blocked_call();
            symptom = Symptom::Hangs;
            let stream = self.wire.is_stream() && self.setup.exercise.name != "capitals";
            if cause.is_none() && stream {
                cause = self.waits_for_more();
            }
        } else if !after.is_empty() {
            self.program_step(Act::Shows(after.clone()), false);
        } else if ended {
            let code = self.exit_code();
            self.program_step(Act::Exits(code), false);
        }
        let received = (!after.is_empty()).then_some(after);
        self.fail_with(symptom, cause, Some(text.to_vec()), received)
    }

    /// In a chat: whether the program asks its user although a message of ours waits.
    pub(super) fn speaks_out_of_turn(&mut self) -> bool {
        let asks = self.blocked();
        let asks = asks.is_some_and(|event| matches!(event.call.as_str(), "input" | "stdin"));
        let evidence = self.evidence();
        let took = evidence.map_or(0, |evidence| evidence.calls(&RECEIVES).count());
        self.setup.exercise.name == "chat" && asks && took < self.sent.len()
    }

    /// How many lines a program that reports has read with `input()`.
    pub(super) fn lines_read(&self) -> usize {
        let evidence = self.evidence();
        evidence.map_or(0, |evidence| evidence.calls(&["input"]).count())
    }

    /// Whether a client goes on after a line end, or after the end of our stream.
    fn waits_for_more(&mut self) -> Option<Cause> {
        let before = self.output_len();
        self.wire.send("a", b"\n").ok()?;
        let mut shown = |player: &mut Self| (player.output_len() > before).then_some(());
        match self.wait_until(&mut shown, IdleTimer::is_quiet) {
            Waited::Ready(()) => Some(Cause::WaitsForNewline),
            _ => self.waits_for_eof("a").then_some(Cause::WaitsForEof),
        }
    }

    /// Why the program leaves a connection open.
    pub(super) fn why_open(&mut self, peer: &str) -> Option<Cause> {
        if self.evidence().is_some_and(diagnose::leaves_open) {
            return Some(Cause::NotClosed);
        }
        if self.setup.exercise.name == "capitals" {
            let answer = self.ask(peer, b"sigue\n");
            return (answer.as_deref() == Some(b"SIGUE\n")).then_some(Cause::NeverChecksFin);
        }
        match self.setup.role {
            Role::Client => self.waits_for_more(),
            Role::Server => self.waits_for_eof(peer).then_some(Cause::WaitsForEof),
        }
    }
}

fn without_newline(text: &[u8]) -> &[u8] {
    text.strip_suffix(b"\n").unwrap_or(text)
}

/// Whether the line goes on after its first word, which is this.
fn is_first_word(sent: &[u8], line: &[u8]) -> bool {
    let word = line.split(|&byte| byte == b' ').next();
    !sent.is_empty() && sent != line && word == Some(sent)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_first_word_has_letters() {
        assert!(is_first_word(b"dos", b"dos palabras"));
        assert!(!is_first_word(b"dos", b"dos"));
        assert!(!is_first_word(b"", b"  dos palabras"));
    }
}
