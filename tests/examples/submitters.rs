//! Many students at once: each thread submits for one DNI after another, and waits for each answer.
//!
//!     submitters PORT THREADS SECONDS FIRST_DNI [PORT ...]
//!
//! Prints how many were confirmed a second, how many were not, and how long the middle one and the hundredth slowest waited.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use socklab_tests::code_at;
use socklab_tests::real::unix;

/// The answer, and how long it took.
fn submit(port: u16, dni: &str) -> (String, Duration) {
    let code = code_at(dni, unix().as_secs());
    let begun = Instant::now();
    let mut answer = String::new();
    let asked = || -> std::io::Result<()> {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
        stream.write_all(format!("Ana&{dni}&{}", code.as_str()).as_bytes())?;
        stream.read_to_string(&mut answer)?;
        Ok(())
    }();
    if let Err(error) = asked {
        answer = error.to_string();
    }
    (answer, begun.elapsed())
}

fn main() {
    let arguments: Vec<u32> = std::env::args()
        .skip(1)
        .map(|one| one.parse().expect("a number"))
        .collect();
    let [port, threads, seconds, first, others @ ..] = &arguments[..] else {
        eprintln!("submitters PORT THREADS SECONDS FIRST_DNI [PORT ...]");
        std::process::exit(2);
    };
    let ports: Vec<u16> = [port]
        .into_iter()
        .chain(others)
        .map(|&one| one as u16)
        .collect();
    let next = AtomicU32::new(*first);
    let begun = Instant::now();
    let until = begun + Duration::from_secs(u64::from(*seconds));
    let mut waits: Vec<Duration> = Vec::new();
    let mut refused = 0;
    thread::scope(|scope| {
        let running: Vec<_> = (0..*threads as usize)
            .map(|n| {
                let (next, port) = (&next, ports[n % ports.len()]);
                scope.spawn(move || {
                    let (mut waits, mut refused) = (Vec::new(), 0);
                    while Instant::now() < until {
                        let dni = next.fetch_add(1, Ordering::Relaxed);
                        let (answer, wait) = submit(port, &format!("{dni:08}"));
                        if answer.starts_with("OK") {
                            waits.push(wait);
                        } else {
                            refused += 1;
                        }
                    }
                    (waits, refused)
                })
            })
            .collect();
        for one in running {
            let (some, none) = one.join().expect("no panic");
            waits.extend(some);
            refused += none;
        }
    });
    let took = begun.elapsed().as_secs_f64();
    waits.sort_unstable();
    let at = |part: f64| {
        waits
            .get((waits.len() as f64 * part) as usize)
            .map_or(0.0, |one| one.as_secs_f64() * 1e3)
    };
    println!(
        "{:.0} {refused} {:.2} {:.2}",
        waits.len() as f64 / took,
        at(0.5),
        at(0.99)
    );
}
