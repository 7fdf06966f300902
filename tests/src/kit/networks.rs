//! Cases for networks that the test makes itself: Linux, and the right to make a network namespace.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::process::Command;
use std::{fs, io, thread};

use nix::sched::{CloneFlags, unshare};
use socklab_core::{echo, welcome};
use socklab_system::Backend;

use super::{LOCALHOST, PATIENCE, Server};

/// An address of the network that a test makes.
const OURS: Ipv4Addr = Ipv4Addr::new(10, 9, 8, 7);

/// Runs a test on a thread with a network namespace of its own, which the threads inherit that the
/// test starts. First makes the network, by calls of ip(8).
fn in_a_network(calls: &[&str], test: impl FnOnce() + Send + 'static) {
    let calls: Vec<String> = calls.iter().map(|&call| call.to_owned()).collect();
    let alone = thread::spawn(move || {
        match unshare(CloneFlags::CLONE_NEWNET)
            .map_err(io::Error::from)
            .and_then(|()| calls.iter().try_for_each(|call| ip(call)))
        {
            Ok(()) => test(),
            Err(error) => eprintln!("SKIPPED: no network of our own can be made here: {error}"),
        }
    });
    alone.join().unwrap();
}

fn ip(call: &str) -> io::Result<()> {
    match Command::new("ip").args(call.split(' ')).status()? {
        status if status.success() => Ok(()),
        status => Err(io::Error::other(format!("ip {call}: {status}"))),
    }
}

/// The servers of a model at an address: UDP, and TCP if the model has it.
fn servers<B: Backend>(address: IpAddr) -> Vec<Server> {
    let udp = Server::of_at::<B, _, _>(address, (), || echo::Server::new(true));
    let tcp = B::STREAMS.then(|| Server::of_streams_at::<B>(address, welcome::Server, |_| ()));
    [udp].into_iter().chain(tcp).collect()
}

/// A server can be stopped when its machine has lost the address that it is bound to.
pub fn a_stop_when_the_address_is_gone<B: Backend>() {
    in_a_network(
        &["link set lo up", "address add 10.9.8.7/32 dev lo"],
        || {
            let servers = servers::<B>(OURS.into());
            ip("address del 10.9.8.7/32 dev lo").unwrap();
            servers.into_iter().for_each(Server::finish);
        },
    );
}

/// A server on all addresses can be stopped on a machine without `::1`, such as many containers.
pub fn a_stop_without_the_loopback_address_of_ipv6<B: Backend>() {
    in_a_network(&["link set lo up"], || {
        if let Err(error) = fs::write("/proc/sys/net/ipv6/conf/lo/disable_ipv6", "1") {
            return eprintln!("SKIPPED: IPv6 cannot be taken from lo: {error}");
        }
        for server in servers::<B>(Ipv6Addr::UNSPECIFIED.into()) {
            server.finish();
        }
    });
}

/// A reply to a broadcast leaves from the server's own address.
pub fn a_broadcast_is_answered<B: Backend>() {
    let calls = ["link set lo up", "address add 10.9.8.7/24 brd + dev lo"];
    in_a_network(&calls, || {
        let server =
            Server::of_at::<B, _, _>(Ipv4Addr::UNSPECIFIED.into(), (), || echo::Server::new(true));
        let port = server.address.port();
        let client = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).unwrap();
        client.set_broadcast(true).unwrap();
        client.set_read_timeout(Some(PATIENCE)).unwrap();
        for (asked, answers) in [
            (Ipv4Addr::LOCALHOST, LOCALHOST),
            (Ipv4Addr::new(10, 9, 8, 255), IpAddr::from(OURS)),
        ] {
            client.send_to(b"hola", (asked, port)).unwrap();
            let mut answer = [0; 8];
            let from = SocketAddr::new(answers, port);
            assert_eq!(client.recv_from(&mut answer).unwrap(), (4, from), "{asked}");
            assert_eq!(&answer[..4], b"HOLA");
        }
        server.finish();
    });
}
