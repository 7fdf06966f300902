//! Proves that the contract carries what is to come: a layer under an exercise, a machine with two
//! links, and drivers that are told when they break a rule.

use std::net::SocketAddr;
use std::time::Duration;

use socklab_core::lab::{EXERCISES, ServerKind, Settings, SubmissionLimits};
use socklab_core::transcript::{Role, replay};
use socklab_core::{
    Deadline, Input, Interest, Link, Machine, Notice, Now, Outbox, Output, Service, Socket, Status,
    Transport, echo, submit, welcome,
};
use socklab_tests::{
    Bench, DNI, EPOCH, Faults, Faulty, HostId, PerfectWire, SERVER, Script, ServiceFn, VirtualNet,
    address, assert_transcript, code_at, read,
};

/// A layer: turns every byte over on its way out and back on its way in. What a real one does is
/// harder, but it stands in the same place.
struct Cipher<M> {
    inner: M,
    key: u8,
    out: Outbox,
    plain: Vec<u8>,
}

const KEY: u8 = 0x5a;

/// Turns nothing over.
const NO_KEY: u8 = 0;

impl<M> Cipher<M> {
    fn new(inner: M) -> Self {
        Cipher::with(inner, KEY)
    }

    fn with(inner: M, key: u8) -> Self {
        Cipher {
            inner,
            key,
            out: Outbox::new(),
            plain: Vec::new(),
        }
    }
}

impl<M: Machine> Machine for Cipher<M> {
    fn step(&mut self, now: Now, input: Input<'_>, out: &mut Outbox) {
        let input = match input {
            Input::Bytes { link, bytes } => {
                self.plain.clear();
                self.plain.extend(bytes.iter().map(|byte| byte ^ self.key));
                let bytes = &self.plain;
                Input::Bytes { link, bytes }
            }
            other => other,
        };
        self.out.clear();
        self.inner.step(now, input, &mut self.out);
        for output in self.out.iter() {
            match output {
                Output::Send { link, bytes } => {
                    let turned = bytes.iter().map(|byte| byte ^ self.key);
                    out.send_with(&link, |to| to.extend(turned));
                }
                other => out.push(&other),
            }
        }
    }
    fn deadline(&self) -> Option<Deadline> {
        self.inner.deadline()
    }
    fn interest(&self) -> Interest {
        self.inner.interest()
    }
    fn state(&self) -> &'static str {
        self.inner.state()
    }
    fn status(&self) -> Status {
        self.inner.status()
    }
}

/// A service under a cipher.
fn ciphered<S>(service: S) -> ServiceFn<impl Fn(Link) -> Box<dyn Machine> + Send + Sync>
where
    S: Service<Machine = Box<dyn Machine>>,
{
    ServiceFn(move |link| Box::new(Cipher::new(service.accept(link))) as Box<dyn Machine>)
}

fn settings(server: SocketAddr) -> Settings {
    Settings {
        server,
        timeout: Some(Duration::from_secs(5)),
        ..Settings::default()
    }
}

#[test]
fn a_layer_and_its_twin_speak_in_secret() {
    let at = address("127.0.0.1:19000");
    for seed in 0..20 {
        let mut net = VirtualNet::new(Faulty::new(PerfectWire::default(), Faults::ALL, seed));
        net.service("welcome", at, ciphered(welcome::Server));
        let client = Cipher::new(welcome::Client::new(&settings(at)));
        let client = net.client("welcome", client, Script::default());
        net.run();
        assert_eq!(net.status(client), Status::Done);
        assert_eq!(net.shown(client), ["Bienvenido al Servidor"]);
        // On the wire it was something else.
        let server = read(&net.transcript(net.accepted(at)[0]));
        let sent = server.lines.iter().find(|line| line.event_name() == "send");
        let turned: Vec<u8> = welcome::BANNER.iter().map(|byte| byte ^ KEY).collect();
        assert_eq!(sent.unwrap().payload.as_deref(), Some(&turned[..]));
        // A layer's transcript replays like any other.
        let text = net.transcript(client);
        let machine = Cipher::new(welcome::Client::new(&settings(at)));
        assert_eq!(replay(&read(&text), machine), Ok(()), "{text}");
    }
}

#[test]
fn a_layer_lets_everything_else_through() {
    let at = address("127.0.0.1:21000");
    let mut net = VirtualNet::default();
    let server = submit::Server::new(Settings::default().wording, SubmissionLimits::default());
    net.service("submit", at, ciphered(server));
    let client = Cipher::new(submit::Client::new(&settings(at)));
    let code = code_at(DNI, EPOCH.as_secs());
    let typed = Script::of(["Ana", DNI, code.as_str()]);
    let client = net.client("submit", client, typed);
    net.run();
    assert_eq!(net.shown(client), ["OK accepted 1"]);
}

/// With a layer that passes everything on under either end, every exercise goes as it always does.
#[test]
fn a_layer_that_changes_nothing_changes_nothing() {
    for exercise in EXERCISES {
        let at = SocketAddr::new(SERVER.ip(), exercise.port);
        let lines = |role| Script::of(exercise.scene.lines(role, EPOCH.as_secs()));
        let mut net = VirtualNet::default();
        let endpoint = match exercise.server {
            ServerKind::Endpoint(make) | ServerKind::Endpoints(make) => {
                let machine = Cipher::with(make(&Settings::default()), NO_KEY);
                Some(net.endpoint(exercise.name, at, machine, lines(Role::Server)))
            }
            ServerKind::Service(make) => {
                let service = make(&Settings::default());
                let accept = move |link| {
                    Box::new(Cipher::with(service.accept(link), NO_KEY)) as Box<dyn Machine>
                };
                net.service(exercise.name, at, ServiceFn(accept));
                None
            }
        };
        let client = (exercise.client)(&Settings::client(exercise, at));
        let client = Cipher::with(client, NO_KEY);
        let client = net.client(exercise.name, client, lines(Role::Client));
        net.run();
        let server = endpoint.unwrap_or_else(|| net.accepted(at)[0]);
        assert_transcript(exercise.name, Role::Client, &net.canonical(client));
        assert_transcript(exercise.name, Role::Server, &net.canonical(server));
    }
}

#[test]
fn a_layer_without_its_twin_is_not_understood() {
    let at = address("127.0.0.1:19000");
    let mut net = VirtualNet::default();
    net.service("welcome", at, ciphered(welcome::Server));
    let client = welcome::Client::new(&settings(at));
    let client = net.client("welcome", client, Script::default());
    net.run();
    assert_ne!(net.shown(client), ["Bienvenido al Servidor"]);
}

/// Hears clients on its first socket and passes what they say on to a server, on its second; the
/// answers go to the peer that spoke last.
struct Relay {
    upstream: Link,
    local: Option<SocketAddr>,
    client: Option<Link>,
    state: &'static str,
}

impl Relay {
    fn new(upstream: SocketAddr) -> Self {
        Relay {
            upstream: Link::on(Socket(1), upstream),
            local: None,
            client: None,
            state: "Idle",
        }
    }
}

impl Machine for Relay {
    fn step(&mut self, _: Now, input: Input<'_>, out: &mut Outbox) {
        match input {
            Input::Bound { local, .. } => {
                self.state = "Opening";
                self.local = Some(local);
                let Link { socket, peer, .. } = self.upstream;
                out.open(socket, Transport::Datagram, &[peer]);
            }
            Input::Opened { link, .. } if link == self.upstream => {
                self.state = "Relaying";
                out.notice(Notice::Ready(self.local.unwrap()));
            }
            Input::Datagram { link, bytes } if link == self.upstream => {
                if let Some(client) = self.client {
                    out.send(client, bytes);
                }
            }
            Input::Datagram { link, bytes } => {
                self.client = Some(link);
                out.send(self.upstream, bytes);
            }
            Input::Stop => self.state = "Stopped",
            _ => {}
        }
    }
    fn deadline(&self) -> Option<Deadline> {
        None
    }
    fn interest(&self) -> Interest {
        match self.state {
            "Relaying" => Interest::NETWORK,
            _ => Interest::NONE,
        }
    }
    fn state(&self) -> &'static str {
        self.state
    }
    fn status(&self) -> Status {
        match self.state {
            "Stopped" => Status::Stopped,
            _ => Status::Running,
        }
    }
}

/// An `echo` client and server with a relay between them: net, client, relay, server.
fn relayed() -> (VirtualNet, [HostId; 3]) {
    let (far, near) = (address("127.0.0.1:16000"), address("127.0.0.1:16001"));
    let mut net = VirtualNet::default();
    let server = net.endpoint("echo", far, echo::Server::new(false), Script::default());
    let relay = net.endpoint("echo", near, Relay::new(far), Script::default());
    let client = echo::Client::new(&settings(near));
    let client = net.client("echo", client, Script::of(["hola", "ñandú", "fin"]));
    net.stop(relay, Duration::from_secs(1));
    net.run();
    (net, [client, relay, server])
}

#[test]
fn a_machine_with_two_links() {
    let (net, [client, relay, server]) = relayed();
    assert_eq!(net.shown(client), ["HOLA", "ÑANDÚ", "FIN"]);
    assert_eq!(net.shown(server), ["hola", "ñandú", "fin"]);
    assert_eq!(net.status(client), Status::Done);
    assert_eq!(net.status(server), Status::Done);
    assert_eq!(net.status(relay), Status::Stopped);
    // Its transcript tells its sockets apart.
    let text = net.canonical(relay);
    for line in [
        "<- open s1 udp client1",
        "-> opened client1/s1",
        "-> datagram client2 \"hola\"\n<- send client1/s1 \"hola\"",
        "-> datagram client1/s1 \"HOLA\"\n<- send client2 \"HOLA\"",
    ] {
        assert!(text.contains(line), "{line}\n{text}");
    }
}

#[test]
fn a_machine_with_two_links_is_replayed() {
    let (net, [_, relay, _]) = relayed();
    let text = net.transcript(relay);
    let machine = Relay::new(address("127.0.0.1:16000"));
    assert_eq!(replay(&read(&text), machine), Ok(()), "{text}");
}

/// A fault is told on the socket on which it happened.
#[test]
fn a_machine_with_two_links_is_told_which_has_a_fault() {
    let (nobody, near) = (address("127.0.0.1:16000"), address("127.0.0.1:16001"));
    let mut net = VirtualNet::default();
    let relay = net.endpoint("echo", near, Relay::new(nobody), Script::default());
    let client = echo::Client::new(&settings(near));
    let client = net.client("echo", client, Script::of(["hola"]));
    net.stop(relay, Duration::from_secs(9));
    net.run();
    let text = net.canonical(relay);
    assert!(text.contains("-> fault s1 receiving refused"), "{text}");
    assert!(matches!(net.status(client), Status::Failed(_)));
}

/// A client whose first address is not there goes on to the next, and says so.
#[test]
fn a_client_tries_every_address() {
    let (nobody, at) = (address("127.0.0.2:19000"), address("127.0.0.1:19000"));
    let mut net = VirtualNet::default();
    net.service("welcome", at, welcome::Server);
    let settings = Settings {
        fallbacks: vec![at],
        ..settings(nobody)
    };
    let client = net.client(
        "welcome",
        welcome::Client::new(&settings),
        Script::default(),
    );
    net.run();
    assert_eq!(net.status(client), Status::Done);
    assert_eq!(net.shown(client), ["Bienvenido al Servidor"]);
}

/// What the pump says, in debug builds, to a driver that breaks a rule.
#[cfg(debug_assertions)]
mod broken_rules {
    use super::*;
    use socklab_core::{Mono, Pump};
    use socklab_tests::CLIENT;

    fn echo_client() -> Bench {
        Bench::up("echo", Role::Client, &Settings::default())
    }

    #[test]
    #[should_panic(expected = "start comes first, once")]
    fn start_twice() {
        echo_client().feed(Input::Start);
    }

    #[test]
    #[should_panic(expected = "start comes first, once")]
    fn no_start() {
        Bench::new("echo", Role::Client, &Settings::default()).feed(Input::Stop);
    }

    #[test]
    #[should_panic(expected = "time ran backwards")]
    fn time_backwards() {
        let mut pump = Pump::new(echo::Server::new(false), ());
        let at = |nanos| Now {
            mono: Mono::from_nanos(nanos),
            ..Now::default()
        };
        let mut out = Outbox::new();
        pump.feed(at(2), Input::Start, &mut out);
        pump.feed(at(1), Input::Stop, &mut out);
    }

    #[test]
    #[should_panic(expected = "the timer fired too early")]
    fn timer_early() {
        let mut bench = echo_client();
        bench.line("hola");
        bench.wait(Duration::from_secs(5) - Duration::from_nanos(1));
        bench.feed(Input::Timer);
    }

    #[test]
    #[should_panic(expected = "the timer fired too early")]
    fn timer_without_deadline() {
        echo_client().feed(Input::Timer);
    }

    #[test]
    #[should_panic(expected = "no line was wanted")]
    fn line_not_wanted() {
        let mut bench = echo_client();
        bench.line("hola");
        bench.line("otra");
    }

    #[test]
    #[should_panic(expected = "no line was wanted")]
    fn input_end_not_wanted() {
        let mut bench = echo_client();
        bench.line("hola");
        bench.feed(Input::InputEnd);
    }

    #[test]
    #[should_panic(expected = "no bytes were wanted")]
    fn datagram_not_wanted() {
        echo_client().datagram("HOLA");
    }

    #[test]
    #[should_panic(expected = "no bytes are the end, not bytes")]
    fn bytes_without_bytes() {
        Bench::up("welcome", Role::Client, &Settings::default()).bytes("");
    }

    #[test]
    #[should_panic(expected = "a machine that has ended was given")]
    fn input_after_the_end() {
        let mut bench = echo_client();
        bench.feed(Input::Stop);
        bench.feed(Input::Stop);
    }

    /// Not a driver's mistake but a machine's: it would make every driver spin.
    #[test]
    #[should_panic(expected = "a deadline that fired must move on")]
    fn deadline_that_stays() {
        struct Stuck;
        impl Machine for Stuck {
            fn step(&mut self, _: Now, _: Input<'_>, _: &mut Outbox) {}
            fn deadline(&self) -> Option<Deadline> {
                Some(Deadline {
                    at: Mono::ZERO,
                    why: socklab_core::Why::Reply,
                })
            }
            fn interest(&self) -> Interest {
                Interest::NONE
            }
            fn state(&self) -> &'static str {
                "Stuck"
            }
            fn status(&self) -> Status {
                Status::Running
            }
        }
        let mut pump = Pump::new(Stuck, ());
        let mut out = Outbox::new();
        pump.feed(Now::default(), Input::Start, &mut out);
        pump.feed(Now::default(), Input::Timer, &mut out);
    }

    /// The net itself ends what would not end, and shows what was going on.
    #[test]
    #[should_panic(expected = "no end after")]
    fn an_endless_exchange_is_ended() {
        /// Answers everything with itself, for ever.
        struct Parrot(Option<SocketAddr>);
        impl Machine for Parrot {
            fn step(&mut self, _: Now, input: Input<'_>, out: &mut Outbox) {
                match (input, self.0) {
                    (Input::Bound { .. }, Some(other)) => out.send(Link::first(other), b"hola"),
                    (Input::Datagram { link, bytes }, _) => out.send(link, bytes),
                    _ => {}
                }
            }
            fn deadline(&self) -> Option<Deadline> {
                None
            }
            fn interest(&self) -> Interest {
                Interest::NETWORK
            }
            fn state(&self) -> &'static str {
                "Talking"
            }
            fn status(&self) -> Status {
                Status::Running
            }
        }
        let mut net = VirtualNet::default();
        net.endpoint("echo", SERVER, Parrot(None), Script::default());
        net.endpoint("echo", CLIENT, Parrot(Some(SERVER)), Script::default());
        net.run();
    }
}
