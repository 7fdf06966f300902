//! The sockets of this machine, as Linux lists them in `/proc/net` (proc_pid_net(5)).

use std::collections::BTreeSet;
use std::fs;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use socklab_core::Transport;

/// The states of a socket that waits for peers: a TCP listener, or a UDP socket without a peer.
const fn waiting(transport: Transport) -> &'static [&'static str] {
    match transport {
        Transport::Stream => &["0A"],
        Transport::Datagram => &["07"],
    }
}

/// The states of a socket that has its port: a UDP socket may have a peer.
const fn open(transport: Transport) -> &'static [&'static str] {
    match transport {
        Transport::Stream => waiting(transport),
        Transport::Datagram => &["07", "01"],
    }
}

/// The states in which only the kernel keeps a TCP port, after the program has closed the
/// connection: it waits for the other end, or for a minute (TIME_WAIT).
const CLOSED: &[&str] = &["04", "05", "06"];

/// How often to look for a socket before it counts as absent. The kernel lists sockets in pieces
/// of one page, and leaves one out if another before it is closed between two pieces.
const LOOKS: usize = 3;

/// A socket in the system's lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ListedSocket {
    /// Its own address.
    pub address: SocketAddr,
    /// Its inode, by which [`sockets_of`] names it; zero if no process has it open.
    pub inode: u64,
}

/// All sockets that wait for peers, as one look shows them: some may be missing. `None` if the
/// system does not list them.
pub fn listening(transport: Transport) -> Option<Vec<ListedSocket>> {
    in_states(transport, waiting(transport))
}

/// Finds a socket that waits for peers, or a UDP socket that is connected to a peer.
pub fn find(
    transport: Transport,
    is_wanted: impl Fn(&ListedSocket) -> bool,
) -> Option<ListedSocket> {
    look_again(|| {
        let all = in_states(transport, open(transport))?;
        all.into_iter().find(&is_wanted)
    })
}

/// [Finds](find) the socket that has a port, on any address.
pub fn at_port(transport: Transport, port: u16) -> Option<ListedSocket> {
    find(transport, |socket| socket.address.port() == port)
}

/// Whether a TCP port is kept by connections that their program has closed.
pub fn is_lingering(port: u16) -> bool {
    let keeps = |socket: &ListedSocket| socket.inode == 0 && socket.address.port() == port;
    look_again(|| {
        in_states(Transport::Stream, CLOSED)?
            .into_iter()
            .find(keeps)
    })
    .is_some()
}

/// Looks until something is found, or often enough to say that it is not there.
pub fn look_again<T>(look: impl FnMut() -> Option<T>) -> Option<T> {
    std::iter::repeat_with(look).take(LOOKS).flatten().next()
}

/// The inodes of a process's sockets; only of the user's own processes.
pub fn sockets_of(process: u32) -> BTreeSet<u64> {
    let open = fs::read_dir(format!("/proc/{process}/fd"));
    let links = open.into_iter().flatten().flatten();
    links
        .filter_map(|descriptor| fs::read_link(descriptor.path()).ok())
        .filter_map(|to| {
            let inode = to.to_str()?.strip_prefix("socket:[")?;
            inode.strip_suffix(']')?.parse().ok()
        })
        .collect()
}

/// The process that has a socket open. If several share it, the first is the parent.
pub fn process_of(socket: &ListedSocket) -> Option<u32> {
    let processes = fs::read_dir("/proc").ok()?.flatten();
    let mut numbers = processes.filter_map(|process| process.file_name().to_str()?.parse().ok());
    numbers.find(|process| sockets_of(*process).contains(&socket.inode))
}

/// The sockets in one of these states, as the tables print them.
fn in_states(transport: Transport, states: &[&str]) -> Option<Vec<ListedSocket>> {
    let files = match transport {
        Transport::Stream => ["/proc/net/tcp", "/proc/net/tcp6"],
        Transport::Datagram => ["/proc/net/udp", "/proc/net/udp6"],
    };
    let tables: Vec<String> = files.iter().flat_map(fs::read_to_string).collect();
    let lines = tables.iter().flat_map(|table| table.lines().skip(1));
    (!tables.is_empty()).then(|| lines.filter_map(|line| listed(line, states)).collect())
}

fn listed(line: &str, states: &[&str]) -> Option<ListedSocket> {
    let mut fields = line.split_whitespace();
    // Other states first: most lines are of connections, of which there may be many thousands.
    let (local, _) = (fields.nth(1)?, fields.next()?);
    fields.next().filter(|state| states.contains(state))?;
    Some(ListedSocket {
        address: address(local)?,
        inode: fields.nth(5)?.parse().ok()?,
    })
}

/// Reads `0100007F:3E80`. Each group of eight digits is in the machine's byte order.
fn address(text: &str) -> Option<SocketAddr> {
    let (host, port) = text.split_once(':')?;
    let port = u16::from_str_radix(port, 16).ok()?;
    let words: Option<Vec<[u8; 4]>> = host
        .as_bytes()
        .chunks(8)
        .map(|digits| u32::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok())
        .map(|word| word.map(u32::to_ne_bytes))
        .collect();
    let bytes = words?.concat();
    let v4 = || <[u8; 4]>::try_from(&bytes[..]).ok().map(Ipv4Addr::from);
    let v6 = || <[u8; 16]>::try_from(&bytes[..]).ok().map(Ipv6Addr::from);
    let host = v4().map(IpAddr::from).or_else(|| v6().map(IpAddr::from));
    Some(SocketAddr::new(host?, port))
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::net::{TcpListener, TcpStream, UdpSocket};

    use super::*;

    #[test]
    fn both_families_are_read_and_only_those_that_listen() {
        let own = sockets_of(std::process::id());
        assert!(own.is_empty() || !own.contains(&0));
        let listener = TcpListener::bind("[::1]:0").expect("a port");
        let at = listener.local_addr().expect("bound");
        let found = at_port(Transport::Stream, at.port()).expect("it listens");
        assert_eq!(found.address, at);
        assert_eq!(process_of(&found), Some(std::process::id()));
        let client = TcpStream::connect(at).expect("connected");
        let port = client.local_addr().expect("bound").port();
        assert_eq!(at_port(Transport::Stream, port), None);
        assert_eq!(at_port(Transport::Datagram, at.port()), None);
        // A UDP server may connect its socket to a client.
        let udp = UdpSocket::bind("127.0.0.1:0").expect("a port");
        let here = udp.local_addr().expect("bound");
        udp.connect(here).expect("connected");
        let found = at_port(Transport::Datagram, here.port());
        assert_eq!(found.map(|one| one.address), Some(here));
        let line = "0: 0100007F:3E80 00000000:0000 0A 0:0 0:0 0 0 0 77 1";
        let found = listed(line, waiting(Transport::Stream)).expect("one");
        assert_eq!(
            (found.address, found.inode),
            (([127, 0, 0, 1], 16_000).into(), 77)
        );
        assert_eq!(listed(line, CLOSED), None);
        assert_eq!(listed("cut: 0100007F:3E80 00", CLOSED), None);
    }

    #[test]
    fn a_socket_is_absent_only_if_no_look_shows_it() {
        for (shown_at, found, looks) in [(1, true, 1), (3, true, 3), (4, false, 3)] {
            let mut look = 0;
            let shown = look_again(|| {
                look += 1;
                (look >= shown_at).then_some(())
            });
            assert_eq!((shown.is_some(), look), (found, looks));
        }
    }
}
