//! The backend kit: what any runtime must do over real sockets, whatever its I/O model.
//!
//! ```ignore
//! socklab_tests::backend_tests!(MyBackend);
//! ```
//!
//! makes a test of each case. For a server that cannot serve many connections at once, `serves:
//! one_at_a_time several_at_once` after the name leaves out what needs it: several are at most
//! [`THREADS`]. `backend_tests!(@batches MyBackend)` adds the cases of one whose calls move several
//! datagrams. `backend_tests!(MyBackend, races)` adds the cases of a runtime whose machines can
//! wait for several things at once, and `backend_tests!(MyBackend, datagrams)` makes those of one
//! that has UDP only. A case waits for what it wants to see, never for time to pass, and is given
//! up after 20 s.

pub mod addresses;
#[cfg(target_os = "linux")]
pub mod batches;
pub mod capitals;
pub mod clients;
pub mod datagrams;
pub mod faults;
pub mod lines;
mod metronome;
#[cfg(target_os = "linux")]
pub mod networks;
mod parrot;
pub mod races;
pub mod refusals;
pub mod streams;
mod survivor;

use std::io::Read;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpStream, UdpSocket};
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::{Duration, Instant};

use socklab_core::{Machine, Observers, Service, Status};
use socklab_system::{Backend, ConnectionLimit, Run, Stop};

use crate::real::TestThread;
use crate::screen::Screen;
pub use parrot::{BIG, Parrots, pattern};
pub use survivor::{Survivor, SurvivorLog, Survivors};

/// A test that hangs fails after this time. A test that succeeds never waits for it.
pub const PATIENCE: Duration = Duration::from_secs(20);

const LOCALHOST: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

/// How many threads a server of the kit has, if its model has a fixed number of them.
pub const THREADS: NonZeroUsize = NonZeroUsize::new(8).unwrap();

/// Makes a test of each case of the kit for a runtime.
#[macro_export]
macro_rules! backend_tests {
    ($backend:ty, races) => {
        $crate::backend_tests!($backend);
        $crate::backend_tests!(@races $backend);
    };
    ($backend:ty, datagrams) => {
        $crate::backend_tests!($backend, serves:);
        $crate::backend_tests!(@races_of_datagrams $backend);
    };
    (@batches $backend:ty) => {
        #[cfg(target_os = "linux")]
        $crate::backend_tests!(@cases $backend, batches, batches:
            a_batch_is_answered_with_one_call,
            capitals_may_grow_in_a_batch,
            replies_longer_than_a_packet,
            an_end_in_the_middle_of_a_batch,
            a_pause_in_the_middle_of_a_batch,
            a_batch_is_answered_from_the_address_that_was_asked,
        );
    };
    (@races $backend:ty) => {
        $crate::backend_tests!(@races_of_datagrams $backend);
        $crate::backend_tests!(@cases $backend, races_of_streams, races:
            bytes_against_a_timer,
            a_client_whose_user_does_not_type,
            a_client_that_is_connecting,
        );
    };
    (@races_of_datagrams $backend:ty) => {
        $crate::backend_tests!(@cases $backend, races, races:
            datagrams_and_lines_against_a_timer,
            what_was_tried_and_waited_for_is_told,
        );
    };
    ($backend:ty) => {
        $crate::backend_tests!($backend, serves: one_at_a_time several_at_once a_thousand_at_once);
    };
    ($backend:ty, serves: $($how:ident)*) => {
        $($crate::backend_tests!(@$how $backend);)*
        $crate::backend_tests!(@cases $backend, datagrams, datagrams:
            a_flood_delays_nobody,
            a_stop_while_idle,
            a_burst_is_answered_whole_and_in_order,
        );
        $crate::backend_tests!(@cases $backend, addresses, addresses:
            a_wildcard_server_answers_from_the_address_that_was_asked,
            a_transcript_shows_the_address_that_was_asked,
            the_longest_reply_depends_on_what_carries_it,
        );
        #[cfg(target_os = "linux")]
        $crate::backend_tests!(@cases $backend, networks, networks:
            a_stop_when_the_address_is_gone,
            a_stop_without_the_loopback_address_of_ipv6,
            a_broadcast_is_answered,
        );
        $crate::backend_tests!(@cases $backend, lines, lines:
            lines_come_one_by_one_and_then_the_end,
            input_that_ends_in_the_middle_of_a_line,
            input_that_ends_at_once,
            nothing_is_read_ahead,
        );
    };
    (@one_at_a_time $backend:ty) => {
        $crate::backend_tests!(@cases $backend, streams, streams:
            one_byte_at_a_time,
            a_large_answer_through_small_buffers,
            an_end_in_the_middle_of_a_message,
            an_end_is_told_once,
            a_reset_while_the_server_reads,
            a_reset_while_the_server_writes,
            a_timer_fires_is_moved_and_is_cancelled,
            a_stop_while_idle,
            a_stop_while_writing,
            answers_wait_for_a_peer_that_reads_late,
            a_decision_for_nobody,
        );
        $crate::backend_tests!(@cases $backend, faults, faults:
            a_stream_is_dead_after_a_fault,
            what_is_unsent_is_dropped_after_a_fault,
            who_outlives_a_stop_is_waited_for,
        );
        $crate::backend_tests!(@cases $backend, refusals, refusals:
            over_a_limit_a_peer_is_told,
            who_is_not_told_is_closed_at_once,
        );
        $crate::backend_tests!(@cases $backend, clients, clients:
            the_next_address_is_tried_after_a_refusal,
            when_every_address_refuses_the_last_is_named,
            a_silent_address_has_its_share_of_the_time_out,
            a_connection_that_does_not_open_in_time,
        );
        $crate::backend_tests!(@cases $backend, capitals, capitals:
            a_line_one_byte_at_a_time,
            a_thousand_lines_in_one_write,
            a_line_in_many_segments,
            the_longest_line,
            an_end_anywhere,
            a_reset_anywhere,
            megabytes_before_the_first_reply_is_read,
            a_peer_that_never_reads,
        );
    };
    (@several_at_once $backend:ty) => {
        $crate::backend_tests!(@cases $backend, streams_at_once, streams:
            a_stop_while_connections_are_idle,
            who_never_reads_delays_nobody,
            who_never_stops_talking_delays_nobody,
        );
        $crate::backend_tests!(@cases $backend, faults_at_once, faults:
            who_survives_a_fault_delays_nobody,
        );
        $crate::backend_tests!(@cases $backend, refusals_at_once, refusals:
            when_one_leaves_the_next_is_let_in,
            many_are_told_at_once,
        );
        $crate::backend_tests!(@cases $backend, capitals_at_once, capitals:
            a_peer_that_never_reads_delays_nobody,
        );
    };
    (@a_thousand_at_once $backend:ty) => {
        $crate::backend_tests!(@cases $backend, streams_by_the_thousand, streams:
            a_thousand_at_once,
        );
        #[cfg(target_os = "linux")]
        $crate::backend_tests!(@cases $backend, crowds, refusals:
            silent_peers_of_one_address_make_room,
            silent_peers_of_many_addresses_make_room,
            silent_peers_make_room_for_who_waits,
        );
    };
    (@cases $backend:ty, $name:ident, $module:ident: $($case:ident),* $(,)?) => {
        mod $name {
            use super::*;
            $(
                #[test]
                fn $case() {
                    if $crate::kit::is_here::<$backend>() {
                        $crate::kit::$module::$case::<$backend>();
                    }
                }
            )*
        }
    };
}

/// Whether this system has what a model needs. If not, prints that its tests are skipped.
pub fn is_here<B: Backend>() -> bool {
    let here = B::available();
    if let Err(error) = &here {
        eprintln!("SKIPPED: this machine has no {}: {error}", B::NAME);
    }
    here.is_ok()
}

/// A server of the kit, running on a thread.
pub struct Server {
    /// The address at which the server is reached.
    pub address: SocketAddr,
    /// Tells the server to stop.
    pub stop: Stop,
    /// What the server tells its user.
    pub screen: Arc<Screen>,
    running: TestThread,
}

impl Server {
    /// A TCP server of [`Parrots`].
    pub fn of_parrots<B: Backend>(max_connections: usize) -> Self {
        Server::of_streams::<B>(max_connections, Parrots)
    }

    /// A TCP server of any service.
    pub fn of_streams<B: Backend>(max_connections: usize, service: impl Service + 'static) -> Self {
        Server::of_streams_with::<B>(service, |run| {
            run.limit = ConnectionLimit::waiting(max_connections);
        })
    }

    /// The same, with a run that the test has changed.
    pub fn of_streams_with<B: Backend>(
        service: impl Service + 'static,
        change: impl FnOnce(&mut Run<()>),
    ) -> Self {
        Server::of_streams_at::<B>(LOCALHOST, service, change)
    }

    /// The same at any port of an address.
    pub fn of_streams_at<B: Backend>(
        ip: IpAddr,
        service: impl Service + 'static,
        change: impl FnOnce(&mut Run<()>),
    ) -> Self {
        Server::begin(ip, (), change, |any, run| {
            B::serve_streams(any, Arc::new(service), run)
        })
    }

    /// A TCP server with observers.
    pub fn watched<B: Backend, W: Observers + 'static>(
        service: impl Service + 'static,
        observers: W,
    ) -> Self {
        let serve = |any, run: &Arc<Run<W>>| B::serve_streams(any, Arc::new(service), run);
        Server::begin(LOCALHOST, observers, |_| (), serve)
    }

    /// A UDP server of as many machines as the model has loops.
    pub fn of<B: Backend, M: Machine + 'static>(make: fn() -> M) -> Self {
        Server::of_at::<B, M, _>(LOCALHOST, (), make)
    }

    /// The same at any port of an address, with observers.
    pub fn of_at<B: Backend, M: Machine + 'static, W: Observers + 'static>(
        ip: IpAddr,
        observers: W,
        make: fn() -> M,
    ) -> Self {
        let serve = move |any, run: &Arc<Run<W>>| B::serve_endpoints(any, make, run);
        Server::begin(ip, observers, |_| (), serve)
    }

    fn begin<W: Observers + 'static>(
        ip: IpAddr,
        observers: W,
        change: impl FnOnce(&mut Run<W>),
        serve: impl FnOnce(SocketAddr, &Arc<Run<W>>) -> Status + Send + 'static,
    ) -> Self {
        let screen = Screen::new();
        let mut run = Run::new(screen.clone(), observers);
        run.threads = Some(THREADS);
        change(&mut run);
        let (stop, run) = (run.stop.clone(), Arc::new(run));
        let any = SocketAddr::new(ip, 0);
        let running = TestThread::spawn(move || serve(any, &run));
        Server {
            address: screen.ready(),
            stop,
            screen,
            running,
        }
    }

    /// Connects to the server, with a time-out for all calls.
    ///
    /// # Panics
    /// When the connection fails.
    pub fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_write_timeout(Some(PATIENCE)).unwrap();
        stream.set_nodelay(true).unwrap();
        stream
    }

    /// A UDP socket that is connected to the server.
    ///
    /// # Panics
    /// When the socket cannot be made.
    pub fn asker(&self) -> UdpSocket {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        socket.connect(self.address).unwrap();
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        socket
    }

    /// Tells the server to stop, and waits until it has.
    ///
    /// # Panics
    /// When the server does not stop as it should.
    pub fn finish(self) {
        self.stop.request();
        assert_eq!(self.running.join(), Status::Stopped);
    }
}

/// Waits until a condition holds, by checking it again and again.
///
/// # Panics
/// When it does not hold within 20 s.
pub fn wait_until(what: &str, is_so: impl Fn() -> bool) {
    let until = Instant::now() + PATIENCE;
    while !is_so() {
        assert!(Instant::now() < until, "waited for {what}");
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// Reads the next `len` bytes of a stream.
///
/// # Panics
/// When they do not come.
pub fn take(stream: &mut TcpStream, len: usize) -> Vec<u8> {
    let mut bytes = vec![0; len];
    stream.read_exact(&mut bytes).unwrap();
    bytes
}

/// A listener whose backlog is full: a connection to it does not open while the returned sockets
/// are kept. Only Linux can fill a backlog in this way.
#[cfg(target_os = "linux")]
fn nobody_accepts() -> (SocketAddr, impl Sized) {
    use socket2::{Domain, Socket, Type};
    let listener = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    listener.bind(&any.into()).unwrap();
    listener.listen(0).unwrap();
    let address = listener.local_addr().unwrap().as_socket().unwrap();
    let mut waiting = Vec::new();
    while let Ok(stream) = TcpStream::connect_timeout(&address, Duration::from_millis(100)) {
        waiting.push(stream);
    }
    (address, (listener, waiting))
}

/// Raises the limit on open descriptors of this process, if the system allows it.
pub fn many_descriptors() -> u64 {
    #[cfg(unix)]
    {
        use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
        let limit = getrlimit(Resource::Nofile);
        let wanted = Rlimit {
            current: limit.maximum,
            maximum: limit.maximum,
        };
        let _ = setrlimit(Resource::Nofile, wanted);
        getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX)
    }
    #[cfg(not(unix))]
    {
        u64::MAX
    }
}
