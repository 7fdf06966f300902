//! The codes of symptoms, which are seen, and of causes, which are proved.

macro_rules! codes {
    ($(#[$doc:meta])* $name:ident { $($(#[$one:meta])* $code:ident = $text:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name {
            $($(#[$one])* $code,)*
        }

        impl $name {
            /// Every one of them, in the order in which they are documented.
            pub const ALL: &[$name] = &[$($name::$code,)*];

            /// Its name, the same in every language.
            pub const fn code(self) -> &'static str {
                match self {
                    $($name::$code => $text,)*
                }
            }
        }
    };
}

codes! {
    /// What was seen.
    Symptom {
        /// It runs, and does not wait for clients on any socket of the exercise's kind.
        NeverListens = "never-listens",
        /// It ended before anything could be played.
        ExitsEarly = "exits-early",
        /// It ended with an error.
        Crash = "crash",
        /// It sent nothing when it was its turn.
        NoReply = "no-reply",
        /// A client did not send or connect.
        NoRequest = "no-request",
        /// It sent something else.
        WrongReply = "wrong-reply",
        /// It sent only the beginning.
        Truncated = "truncated",
        /// It did not show what came.
        NotShown = "not-shown",
        /// It showed something else.
        WrongOutput = "wrong-output",
        /// It goes on when it should end.
        NeverEnds = "never-ends",
        /// It ended in the middle.
        EndsEarly = "ends-early",
        /// It waits for something that cannot come, or runs in circles.
        Hangs = "hangs",
        /// It does not close the connection.
        NeverCloses = "never-closes",
        /// Other computers cannot reach it.
        Unreachable = "unreachable",
    }
}

codes! {
    /// Why, where that is proved.
    Cause {
        /// Another port than the exercise's.
        WrongPort = "wrong-port",
        /// TCP for UDP, or the other way round.
        WrongProtocol = "wrong-protocol",
        /// Bound to an address of this computer only.
        LoopbackOnly = "loopback-only",
        /// It binds a port that it holds already.
        AddressInUse = "address-in-use",
        /// Another program holds the port.
        OldServerAnswers = "old-server-answers",
        /// A reply was sent to another address than the question came from.
        ReplyElsewhere = "reply-elsewhere",
        /// The text came back as it was.
        NotCapitalised = "not-capitalised",
        /// Only a to z were capitalised.
        AsciiOnlyCapitals = "ascii-only-capitals",
        /// Text that is not ASCII ended it.
        CrashOnAccents = "crash-on-accents",
        /// Another encoding than UTF-8.
        WrongEncoding = "wrong-encoding",
        /// Text was given where bytes are needed, or bytes where text is.
        StrNotBytes = "str-not-bytes",
        /// A line end that does not belong there.
        ExtraNewline = "extra-newline",
        /// `b'…'` was sent.
        ReprSent = "repr-sent",
        /// `b'…'` was shown.
        ReprShown = "repr-shown",
        /// The last word was compared in the wrong case.
        FinCase = "fin-case",
        /// It ended without sending `fin`.
        FinNotSent = "fin-not-sent",
        /// The last word ends nothing.
        NeverChecksFin = "never-checks-fin",
        /// It spoke when it was the other's turn.
        TurnBroken = "turn-broken",
        /// A chat that still answers in capitals.
        EchoLeftover = "echo-leftover",
        /// One message in several sends.
        SeveralSends = "several-sends",
        /// It waits for a line end that does not belong to the exercise.
        WaitsForNewline = "waits-for-newline",
        /// It waits for the other to close.
        WaitsForEof = "waits-for-eof",
        /// Both ends wait for each other.
        Deadlock = "deadlock",
        /// One receive for what came in pieces.
        OneRecv = "one-recv",
        /// It goes on receiving after the end.
        EmptyReadLoop = "empty-read-loop",
        /// It closed without waiting for the answer.
        ClosesBeforeReading = "closes-before-reading",
        /// A server that leaves after its first client.
        ServesOnce = "serves-once",
        /// A client's reset ended it.
        DiesOnReset = "dies-on-reset",
        /// An empty message ended it.
        DiesOnEmpty = "dies-on-empty",
        /// A reply that was late ended it.
        DiesOnTimeout = "dies-on-timeout",
        /// In a chat it takes what others say for its peer's.
        AnswersStrangers = "answers-strangers",
        /// It talked through the socket that listens.
        ListenerUsed = "listener-used",
        /// What was written stayed in a buffer.
        NotFlushed = "not-flushed",
        /// A file beside the program has the name of a module.
        ShadowedModule = "shadowed-module",
        /// It is written for another Python.
        WrongInterpreter = "wrong-interpreter",
        /// This pyotp refuses a DNI as a secret.
        PyotpRefusesDni = "pyotp-refuses-dni",
        /// The DNI was sent with its letter.
        DniLetter = "dni-letter",
        /// Zeros at the front of the DNI or the code were lost.
        CodeLostZeros = "code-lost-zeros",
        /// The code was made from another secret than the lab's.
        WrongSecret = "wrong-secret",
        /// It accepts a code of an hour ago.
        AcceptsOldCode = "accepts-old-code",
        /// No authenticator takes the URI.
        WrongUri = "wrong-uri",
        /// The code belongs to another moment.
        StaleCode = "stale-code",
        /// Something else than `&` between the parts.
        WrongSeparator = "wrong-separator",
        /// The parts stand in another order.
        WrongOrder = "wrong-order",
        /// The answer does not depend on the question.
        HardCodedAnswer = "hard-coded-answer",
        /// The receive asks for fewer bytes than a message may have.
        SmallBuffer = "small-buffer",
        /// `listen` was never called.
        NeverCallsListen = "never-calls-listen",
        /// The line end that the exercise asks for is missing.
        MissingNewline = "missing-newline",
        /// It ended after one exchange.
        NoLoop = "no-loop",
        /// The last word is looked at one step too late.
        LateFinCheck = "late-fin-check",
        /// Bytes are compared with text.
        BytesCompared = "bytes-compared",
        /// The user is asked only once, and the same is sent again.
        InputOutsideLoop = "input-outside-loop",
        /// A server that never calls `bind`.
        NeverBinds = "never-binds",
        /// `listen` or `accept` on a UDP socket.
        ListenOnUdp = "listen-on-udp",
        /// A TCP client that sends without having connected.
        NeverConnects = "never-connects",
        /// The address is not a pair of a name and a number.
        AddressNotAPair = "address-not-a-pair",
        /// A method was named without calling it.
        MissingBrackets = "missing-brackets",
        /// A number was joined to text.
        NumberNotText = "number-not-text",
        /// The names of variables were sent, not their values.
        QuotedNames = "quoted-names",
        /// A module that it needs is not installed.
        ModuleMissing = "module-missing",
    }
}

impl Cause {
    /// Whether it is concluded from how the program goes on, so that an earlier failure may be the
    /// reason for what was seen.
    pub(crate) const fn is_concluded(self) -> bool {
        matches!(
            self,
            Cause::FinCase
                | Cause::LateFinCheck
                | Cause::FinNotSent
                | Cause::NeverChecksFin
                | Cause::DiesOnEmpty
                | Cause::AnswersStrangers
                | Cause::ServesOnce
                | Cause::NoLoop
                | Cause::TurnBroken
                | Cause::WaitsForEof
                | Cause::WaitsForNewline
                | Cause::CrashOnAccents
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_is_its_own() {
        let symptoms = Symptom::ALL.iter().map(|one| one.code());
        let mut codes: Vec<&str> = symptoms
            .chain(Cause::ALL.iter().map(|one| one.code()))
            .collect();
        let all = codes.len();
        codes.sort_unstable();
        codes.dedup();
        assert_eq!(codes.len(), all);
    }
}
