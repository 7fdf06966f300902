//! Addresses as the user writes them.
//!
//! `HOST`, `:PORT` (on this computer), `HOST:PORT`, `[IPv6]:PORT`, `[IPv6]`, a bare IPv6 address,
//! or nothing; what is missing is 127.0.0.1 and the exercise's port.

use std::collections::HashSet;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, ToSocketAddrs};

use socklab_text::Messages;

/// Why an address cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Error {
    /// Brackets with nothing between them.
    Empty,
    /// What stands after the last colon is not a port.
    Port(String),
    /// What stands before it is neither a name nor an IP address.
    Host(String),
    /// No IP address is known for that name.
    NoIp(String),
    /// Several colons, but no IPv6 address, or one that needs brackets, or brackets around
    /// something else.
    Brackets,
}

impl Error {
    /// Says in one line what is wrong and what to type instead.
    pub(crate) fn say(&self, messages: &dyn Messages) -> String {
        match self {
            Error::Empty => messages.say("address-empty"),
            Error::Port(port) => messages.say_with("address-port", &[("port", port)]),
            Error::Host(host) => messages.say_with("address-host", &[("host", host)]),
            Error::NoIp(host) => messages.say_with("address-no-ip", &[("host", host)]),
            Error::Brackets => messages.say("address-v6-brackets"),
        }
    }
}

/// All addresses of a name; at least one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Addresses {
    pub(crate) first: SocketAddr,
    /// Addresses to be tried in this order if the first cannot be reached.
    pub(crate) others: Vec<SocketAddr>,
}

/// Resolves the address of a server, for a client. Port 0 is an error.
pub(crate) fn client(text: &str, default_port: u16) -> Result<Addresses, Error> {
    let address = Address::parse(text, default_port)?;
    if address.port == 0 {
        return Err(Error::Port("0".to_owned()));
    }
    address.resolve(look_up)
}

/// The name of a server as it was typed, which its TLS certificate must have.
pub(crate) fn host(text: &str) -> Result<String, Error> {
    Ok(match Address::parse(text, 0)?.host {
        Host::Ip(ip) => ip.to_string(),
        Host::Name(name) => name.to_owned(),
    })
}

/// The address to listen on: port 0 means any free one.
pub(crate) fn listen(text: &str, default_port: u16) -> Result<SocketAddr, Error> {
    let found = Address::parse(text, default_port)?.resolve(look_up)?;
    Ok(found.first)
}

/// An address, split at its port.
#[derive(Debug, PartialEq, Eq)]
struct Address<'a> {
    host: Host<'a>,
    port: u16,
}

#[derive(Debug, PartialEq, Eq)]
enum Host<'a> {
    Ip(IpAddr),
    /// A name, or an IPv6 address with its zone, which only the system can read.
    Name(&'a str),
}

impl<'a> Address<'a> {
    fn parse(text: &'a str, default_port: u16) -> Result<Self, Error> {
        let text = text.trim();
        let (host, port) = if let Some(rest) = text.strip_prefix('[') {
            let (inside, after) = rest.split_once(']').ok_or(Error::Brackets)?;
            if inside.is_empty() {
                return Err(Error::Empty);
            }
            let port = match after.strip_prefix(':') {
                Some(port) => Some(port),
                None if after.is_empty() => None,
                None => return Err(Error::Brackets),
            };
            (parse_v6(inside).ok_or(Error::Brackets)?, port)
        } else if text.contains('/') {
            // A pasted URL. A message about its port or about brackets would mislead.
            return Err(Error::Host(text.to_owned()));
        } else if text.matches(':').count() >= 2 && may_be_v6(text) {
            // No port can follow: `::1:16000` is itself an IPv6 address.
            (parse_v6(text).ok_or(Error::Brackets)?, None)
        } else {
            let (host, port) = match text.split_once(':') {
                Some((_, port)) if port.contains(':') => return Err(Error::Host(text.to_owned())),
                Some((host, port)) => (host, Some(port)),
                None => (text, None),
            };
            (parse_name(host)?, port)
        };
        let port = port.map_or(Ok(default_port), parse_port)?;
        Ok(Address { host, port })
    }

    /// Resolves to socket addresses. IPv4 comes first among a name's addresses: the lab's programs
    /// use `AF_INET`, so if `localhost` is both 127.0.0.1 and ::1, they use the former.
    fn resolve(
        &self,
        look_up: impl FnOnce(&str, u16) -> io::Result<Vec<SocketAddr>>,
    ) -> Result<Addresses, Error> {
        let name = match self.host {
            Host::Ip(ip) => {
                let first = SocketAddr::new(ip, self.port);
                let others = Vec::new();
                return Ok(Addresses { first, others });
            }
            Host::Name(name) => name,
        };
        let mut found = look_up(name, self.port).unwrap_or_default();
        found.sort_by_key(SocketAddr::is_ipv6);
        // A system may list an address once for each kind of socket.
        let mut known = HashSet::new();
        found.retain(|address| known.insert(*address));
        let mut found = found.into_iter();
        Ok(Addresses {
            first: found.next().ok_or_else(|| Error::NoIp(name.to_owned()))?,
            others: found.collect(),
        })
    }
}

fn look_up(name: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
    Ok((name, port).to_socket_addrs()?.collect())
}

fn parse_port(text: &str) -> Result<u16, Error> {
    // `parse` alone would take "+80".
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    let port = if digits { text.parse().ok() } else { None };
    port.ok_or_else(|| Error::Port(text.to_owned()))
}

/// Whether a text with several colons is meant as an IPv6 address, and not as a host with a port
/// and something more.
fn may_be_v6(text: &str) -> bool {
    let (address, _zone) = text.split_once('%').unwrap_or((text, ""));
    let in_v6 = |c: char| c.is_ascii_hexdigit() || matches!(c, ':' | '.' | '[' | ']');
    address.chars().all(in_v6) && (text.contains("::") || text.matches(':').count() > 5)
}

fn parse_v6(text: &str) -> Option<Host<'_>> {
    match text.split_once('%') {
        None => Some(Host::Ip(IpAddr::V6(text.parse().ok()?))),
        Some((address, zone)) => {
            address.parse::<Ipv6Addr>().ok()?;
            (!zone.is_empty()).then_some(Host::Name(text))
        }
    }
}

fn parse_name(text: &str) -> Result<Host<'_>, Error> {
    if text.is_empty() {
        return Ok(Host::Ip(IpAddr::V4(Ipv4Addr::LOCALHOST)));
    }
    if let Ok(ip) = text.parse::<Ipv4Addr>() {
        return Ok(Host::Ip(IpAddr::V4(ip)));
    }
    // No name ends in a number. Systems read `16000` or `10.1` as an IPv4 address of the old kind;
    // here it is a port without its colon, or a slip.
    let last = text.trim_end_matches('.').rsplit('.').next().unwrap_or("");
    let number = last.bytes().all(|byte| byte.is_ascii_digit());
    let in_names = |c: char| c.is_alphanumeric() || matches!(c, '.' | '-' | '_');
    // RFC 1035, section 2.3.4: 255 octets on the wire are 253 in text.
    if number || text.len() > 253 || !text.chars().all(in_names) {
        return Err(Error::Host(text.to_owned()));
    }
    Ok(Host::Name(text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::language::Language;

    const PORT: u16 = 16_000;

    fn port(text: &str) -> Result<&'static str, Error> {
        Err(Error::Port(text.to_owned()))
    }

    fn host(text: &str) -> Result<&'static str, Error> {
        Err(Error::Host(text.to_owned()))
    }

    fn all(addresses: &[SocketAddr]) -> Addresses {
        Addresses {
            first: addresses[0],
            others: addresses[1..].to_vec(),
        }
    }

    #[test]
    fn addresses_without_names() {
        let long = "a".repeat(254);
        for (text, address) in [
            ("", Ok("127.0.0.1:16000")),
            ("  ", Ok("127.0.0.1:16000")),
            ("192.0.2.7", Ok("192.0.2.7:16000")),
            (" 192.0.2.7 ", Ok("192.0.2.7:16000")),
            (":9000", Ok("127.0.0.1:9000")),
            ("192.0.2.7:9000", Ok("192.0.2.7:9000")),
            ("0.0.0.0", Ok("0.0.0.0:16000")),
            ("[::1]:9000", Ok("[::1]:9000")),
            ("[::1]", Ok("[::1]:16000")),
            ("::1", Ok("[::1]:16000")),
            ("::", Ok("[::]:16000")),
            ("[::]:80", Ok("[::]:80")),
            ("2001:db8::7", Ok("[2001:db8::7]:16000")),
            ("::ffff:192.0.2.7", Ok("[::ffff:192.0.2.7]:16000")),
            // An IPv6 address in full: nothing says that its end is meant as a port.
            ("::1:9000", Ok("[::1:9000]:16000")),
            (":00080", Ok("127.0.0.1:80")),
            (":65535", Ok("127.0.0.1:65535")),
            (":65536", port("65536")),
            (":99999", port("99999")),
            ("localhost:99999", port("99999")),
            ("localhost:abc", port("abc")),
            ("localhost:", port("")),
            (":", port("")),
            ("[::1]:", port("")),
            ("[::1]:x", port("x")),
            (":-1", port("-1")),
            ("localhost:٣", port("٣")),
            (":+80", port("+80")),
            ("localhost: 80", port(" 80")),
            ("16000", host("16000")),
            ("256.0.0.1", host("256.0.0.1")),
            ("127.1", host("127.1")),
            ("192.0.2.7.", host("192.0.2.7.")),
            (".", host(".")),
            ("two words", host("two words")),
            ("nul\0", host("nul\0")),
            ("user@host", host("user@host")),
            ("http://localhost", host("http://localhost")),
            ("http://localhost:80", host("http://localhost:80")),
            ("name%1", host("name%1")),
            (&long, host(&long)),
            ("[]", Err(Error::Empty)),
            ("[]:80", Err(Error::Empty)),
            ("[::1", Err(Error::Brackets)),
            ("::1]:80", Err(Error::Brackets)),
            ("[::1]80", Err(Error::Brackets)),
            ("[127.0.0.1]:80", Err(Error::Brackets)),
            ("[localhost]", Err(Error::Brackets)),
            ("localhost:80:90", host("localhost:80:90")),
            ("127.0.0.1:16000:5", host("127.0.0.1:16000:5")),
            ("localhost::80", host("localhost::80")),
            ("1:2:3:4:5:6:7:8:90", Err(Error::Brackets)),
            ("::1::", Err(Error::Brackets)),
            ("fe80::1%", Err(Error::Brackets)),
        ] {
            let address = address.map(|one| one.parse().expect(one));
            let only = address.clone().map(|address| all(&[address]));
            assert_eq!(client(text, PORT), only, "client {text:?}");
            assert_eq!(listen(text, PORT), address, "listen {text:?}");
        }
    }

    #[test]
    fn port_0_is_for_servers_only() {
        for text in [":0", "127.0.0.1:0", "127.0.0.1:000"] {
            assert_eq!(listen(text, PORT), Ok(([127, 0, 0, 1], 0).into()));
            assert_eq!(client(text, PORT), Err(Error::Port("0".to_owned())));
        }
    }

    #[test]
    fn names_are_looked_up_and_ipv4_comes_first() {
        let name = |text| Address::parse(text, PORT).expect("an address");
        let v4 = SocketAddr::from(([192, 0, 2, 7], PORT));
        let other = SocketAddr::from(([192, 0, 2, 8], PORT));
        let v6 = SocketAddr::from((Ipv6Addr::LOCALHOST, PORT));
        for (found, addresses) in [
            (vec![v6, v4, other], Ok(all(&[v4, other, v6]))),
            (vec![other, v6, v4], Ok(all(&[other, v4, v6]))),
            (vec![v6, v4, v6, v4], Ok(all(&[v4, v6]))),
            (vec![v6], Ok(all(&[v6]))),
            (vec![], Err(Error::NoIp("lab.example".to_owned()))),
        ] {
            let look_up = |name: &str, port| {
                assert_eq!((name, port), ("lab.example", 80));
                Ok(found)
            };
            assert_eq!(name("lab.example:80").resolve(look_up), addresses);
        }
        let fails = |_: &str, _| Err(io::ErrorKind::NotFound.into());
        let no_ip = Err(Error::NoIp("ñandú_2".to_owned()));
        assert_eq!(name("ñandú_2").resolve(fails), no_ip);
        // Only the system can resolve a zone.
        for zoned in ["fe80::1%eth0", "[fe80::1%eth0]"] {
            assert_eq!(name(zoned).host, Host::Name("fe80::1%eth0"));
        }
    }

    #[test]
    fn localhost_is_where_the_labs_programs_are() {
        let localhost = SocketAddr::from((Ipv4Addr::LOCALHOST, PORT));
        assert_eq!(
            client("localhost", PORT).map(|found| found.first),
            Ok(localhost)
        );
    }

    #[test]
    fn errors_are_one_line_that_names_what_is_wrong() {
        let (es, en) = (Language::Es.messages(), Language::En.messages());
        for (error, part) in [
            (Error::Empty, "[IPv6]"),
            (Error::Port("99999".to_owned()), "99999"),
            (Error::Host("two\nwords".to_owned()), r"two\nwords"),
            (Error::NoIp("lab.example".to_owned()), "lab.example"),
            (Error::Brackets, "[::1]:16000"),
        ] {
            for line in [error.say(&es), error.say(&en)] {
                assert!(line.contains(part) && !line.contains('\n'), "{line}");
            }
        }
    }
}
