//! The codes of symptoms, which the check observes, and of causes, which it proves.

macro_rules! codes {
    ($(#[$doc:meta])* $name:ident { $($(#[$one:meta])* $code:ident = $text:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name {
            $($(#[$one])* $code,)*
        }

        impl $name {
            /// All of them, in the order in which the documentation lists them.
            pub const ALL: &[$name] = &[$($name::$code,)*];

            /// The code, which is the same in every language.
            pub const fn code(self) -> &'static str {
                match self {
                    $($name::$code => $text,)*
                }
            }
        }
    };
}

codes! {
    /// What the check observed the program do.
    Symptom {
        /// The program runs, but waits for clients on no socket of the exercise's transport.
        NeverListens = "never-listens",
        /// The program ended before the scenario could begin.
        ExitsEarly = "exits-early",
        /// The program ended with an error.
        Crash = "crash",
        /// The program sent nothing when it was its turn.
        NoReply = "no-reply",
        /// The client did not send or connect.
        NoRequest = "no-request",
        /// The program sent something other than the expected reply.
        WrongReply = "wrong-reply",
        /// The program sent only the beginning of the expected reply.
        Truncated = "truncated",
        /// The program did not show what it received.
        NotShown = "not-shown",
        /// The program showed something other than expected.
        WrongOutput = "wrong-output",
        /// The program goes on when it should end.
        NeverEnds = "never-ends",
        /// The program ended in the middle of the scenario.
        EndsEarly = "ends-early",
        /// The program waits for something that cannot come, or loops without end.
        Hangs = "hangs",
        /// The program does not close the connection.
        NeverCloses = "never-closes",
        /// Other computers cannot reach the program.
        Unreachable = "unreachable",
    }
}

codes! {
    /// The proved cause of a symptom.
    Cause {
        /// The program uses another port than the exercise's.
        WrongPort = "wrong-port",
        /// The program uses TCP instead of UDP, or the other way round.
        WrongProtocol = "wrong-protocol",
        /// The socket is bound to a loopback address.
        LoopbackOnly = "loopback-only",
        /// The program binds a port that it holds already.
        AddressInUse = "address-in-use",
        /// Another program holds the port.
        OldServerAnswers = "old-server-answers",
        /// A reply was sent to another address than the question came from.
        ReplyElsewhere = "reply-elsewhere",
        /// The text came back without being capitalised.
        NotCapitalised = "not-capitalised",
        /// Capital letters came back as small ones.
        SwappedCase = "swapped-case",
        /// Only a to z were capitalised.
        AsciiOnlyCapitals = "ascii-only-capitals",
        /// The program crashed on text that is not ASCII.
        CrashOnAccents = "crash-on-accents",
        /// The program uses another encoding than UTF-8.
        WrongEncoding = "wrong-encoding",
        /// The program passed text where bytes are needed, or bytes where text is needed.
        StrNotBytes = "str-not-bytes",
        /// The message has a line end that does not belong to it.
        ExtraNewline = "extra-newline",
        /// Zero bytes follow the message: the program sent more of a buffer than the message.
        ExtraZeros = "extra-zeros",
        /// Spaces at the ends of the text are gone.
        SpacesLost = "spaces-lost",
        /// The program sent only the first word of the line that was typed.
        OneWord = "one-word",
        /// The program sent more than one reply.
        ExtraReply = "extra-reply",
        /// The program sent `b'…'`, the `repr` of the bytes.
        ReprSent = "repr-sent",
        /// The program showed `b'…'`, the `repr` of the bytes.
        ReprShown = "repr-shown",
        /// The program compares `fin` in the wrong case.
        FinCase = "fin-case",
        /// In a chat, the `fin` of one end does not end the program, and that of the other does.
        OneFin = "one-fin",
        /// The program ended without sending the last word.
        FinNotSent = "fin-not-sent",
        /// The program does not end after `fin`.
        NeverChecksFin = "never-checks-fin",
        /// The program sent when it was its peer's turn.
        TurnBroken = "turn-broken",
        /// The chat program still answers in capitals.
        EchoLeftover = "echo-leftover",
        /// The program sends one message in several calls.
        SeveralSends = "several-sends",
        /// The program waits for a line end, which the exercise's messages do not have.
        WaitsForNewline = "waits-for-newline",
        /// The program waits for its peer to close.
        WaitsForEof = "waits-for-eof",
        /// Both ends wait for each other.
        Deadlock = "deadlock",
        /// The program waits to receive after the exercise's only datagram.
        ReceivesAgain = "receives-again",
        /// The program calls receive once, but the data came in several pieces.
        OneRecv = "one-recv",
        /// The program goes on receiving after the end of the stream.
        EmptyReadLoop = "empty-read-loop",
        /// The program closed without waiting for the answer.
        ClosesBeforeReading = "closes-before-reading",
        /// The server waits for the next client and has not closed this connection.
        NotClosed = "not-closed",
        /// The server ends after its first client.
        ServesOnce = "serves-once",
        /// A client's reset ended the program.
        DiesOnReset = "dies-on-reset",
        /// An empty message ended the program.
        DiesOnEmpty = "dies-on-empty",
        /// A late reply ended the program.
        DiesOnTimeout = "dies-on-timeout",
        /// The chat program takes a stranger's datagrams for its peer's.
        AnswersStrangers = "answers-strangers",
        /// The program sent or received on the listening socket.
        ListenerUsed = "listener-used",
        /// The program did not flush its output buffer.
        NotFlushed = "not-flushed",
        /// A file beside the program has the name of a module.
        ShadowedModule = "shadowed-module",
        /// The program is written for another version of Python.
        WrongInterpreter = "wrong-interpreter",
        /// This pyotp refuses a DNI as a secret.
        PyotpRefusesDni = "pyotp-refuses-dni",
        /// The DNI was sent with its letter.
        DniLetter = "dni-letter",
        /// Zeros at the front of the DNI or the code were lost.
        CodeLostZeros = "code-lost-zeros",
        /// The code was made from another secret than the lab's.
        WrongSecret = "wrong-secret",
        /// The program accepts a code of an hour ago.
        AcceptsOldCode = "accepts-old-code",
        /// No authenticator app accepts the URI.
        WrongUri = "wrong-uri",
        /// The code is that of another time.
        StaleCode = "stale-code",
        /// The parts are not separated by `&`.
        WrongSeparator = "wrong-separator",
        /// The parts are in the wrong order.
        WrongOrder = "wrong-order",
        /// The answer does not depend on the question.
        HardCodedAnswer = "hard-coded-answer",
        /// The secret does not depend on the DNI.
        HardCodedSecret = "hard-coded-secret",
        /// The receive asks for fewer bytes than a message may have.
        SmallBuffer = "small-buffer",
        /// `listen` was never called.
        NeverCallsListen = "never-calls-listen",
        /// The line end that the exercise asks for is missing.
        MissingNewline = "missing-newline",
        /// The program ended after one exchange.
        NoLoop = "no-loop",
        /// The program checks for `fin` one step too late.
        LateFinCheck = "late-fin-check",
        /// The program compares bytes with text, which are never equal.
        BytesCompared = "bytes-compared",
        /// The program asks its user once, and sends the same line again and again.
        InputOutsideLoop = "input-outside-loop",
        /// The server never calls `bind`.
        NeverBinds = "never-binds",
        /// The program calls `listen` or `accept` on a UDP socket.
        ListenOnUdp = "listen-on-udp",
        /// The TCP client sends without having connected.
        NeverConnects = "never-connects",
        /// The address is not a pair of a name and a number.
        AddressNotAPair = "address-not-a-pair",
        /// A method is named but not called: its brackets are missing.
        MissingBrackets = "missing-brackets",
        /// The program joins a number to text.
        NumberNotText = "number-not-text",
        /// The program sends the names of variables instead of their values.
        QuotedNames = "quoted-names",
        /// Python cannot read the program.
        SyntaxError = "syntax-error",
        /// The program uses a name that has no value.
        UnknownName = "unknown-name",
        /// A module that the program needs is not installed.
        ModuleMissing = "module-missing",
    }
}

impl Cause {
    /// Whether the check infers this cause from how the program goes on. Then an earlier failure
    /// may have caused the symptom instead.
    pub(crate) const fn is_concluded(self) -> bool {
        matches!(
            self,
            Cause::FinCase
                | Cause::LateFinCheck
                | Cause::FinNotSent
                | Cause::NeverChecksFin
                | Cause::OneFin
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
