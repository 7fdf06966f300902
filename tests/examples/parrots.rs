//! A server of parrots in a process of its own, for what needs one: limits, memory, idleness.
//!
//! `parrots RUNTIME [MAX_CONNECTIONS [THREADS]]` says `ready ADDRESS`, then what it notices, a line each, and
//! stops when its standard input ends.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr};
use std::num::NonZeroUsize;
use std::process::ExitCode;
use std::sync::Arc;
use std::thread;

use socklab_async::AsyncStd;
use socklab_blocking::{Blocking, BlockingIterative, BlockingPool};
use socklab_core::{Console, Notice, Prompt, Status};
use socklab_mio::{Mio, MioLoops};
use socklab_system::{Backend, Run};
use socklab_tests::kit::{Parrots, many_descriptors};
use socklab_tokio::Tokio;

fn main() -> ExitCode {
    let mut args = std::env::args().skip(1);
    let runtime = args.next().unwrap_or_default();
    let mut number = || args.next().and_then(|number| number.parse().ok());
    let (max, threads) = (number(), number().and_then(NonZeroUsize::new));
    let serve = match runtime.as_str() {
        Blocking::NAME => serve::<Blocking>,
        BlockingIterative::NAME => serve::<BlockingIterative>,
        BlockingPool::NAME => serve::<BlockingPool>,
        AsyncStd::NAME => serve::<AsyncStd>,
        Mio::NAME => serve::<Mio>,
        MioLoops::NAME => serve::<MioLoops>,
        Tokio::NAME => serve::<Tokio>,
        _ => {
            eprintln!("usage: parrots RUNTIME [MAX_CONNECTIONS [THREADS]]");
            return ExitCode::from(2);
        }
    };
    match serve(max.unwrap_or(1024), threads) {
        Status::Stopped => ExitCode::SUCCESS,
        other => {
            eprintln!("{other:?}");
            ExitCode::FAILURE
        }
    }
}

fn serve<B: Backend>(max: usize, threads: Option<NonZeroUsize>) -> Status {
    many_descriptors();
    let mut run = Run::new(Arc::new(Lines), ());
    run.max_connections = max;
    run.threads = threads;
    let stop = run.stop.clone();
    thread::spawn(move || {
        // It ends when whoever started this has ended.
        let _ = std::io::stdin().read_to_end(&mut Vec::new());
        stop.request();
    });
    let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    B::serve_streams(any, Arc::new(Parrots), &Arc::new(run))
}

/// Says notices on standard output.
struct Lines;

impl Console for Lines {
    fn prompt(&self, _: Prompt) {}
    fn show(&self, _: &[u8]) {}
    fn notice(&self, notice: Notice) {
        let line = match notice {
            Notice::Ready(address) => format!("ready {address}\n"),
            other => format!("{}\n", other.name()),
        };
        let mut stdout = std::io::stdout().lock();
        let _ = stdout
            .write_all(line.as_bytes())
            .and_then(|()| stdout.flush());
    }
}
