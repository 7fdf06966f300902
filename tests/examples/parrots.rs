//! A server of parrots in a process of its own, for what needs one: limits, memory, idleness.
//!
//! `parrots RUNTIME [MAX_CONNECTIONS [THREADS [SERVICE [LIMIT [TASKS]]]]]` says `ready ADDRESS`,
//! then what it notices, a line each, and stops when its standard input ends. The service is
//! `parrots`, `survivors` or `submissions`; connections over the limit are turned away; the system
//! lets its user have so many threads.

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
#[cfg(target_os = "linux")]
use socklab_multiplexing::EpollLevel;
use socklab_multiplexing::Nonblocking;
#[cfg(unix)]
use socklab_multiplexing::{Poll, Select};
use socklab_system::{Backend, ConnectionLimit, Run};
use socklab_tests::kit::refusals::submissions;
use socklab_tests::kit::{PATIENCE, Parrots, Survivors, many_descriptors};
use socklab_tokio::Tokio;
#[cfg(all(target_os = "linux", target_pointer_width = "64"))]
use socklab_uring::Uring;

fn main() -> ExitCode {
    let mut args = std::env::args().skip(1);
    let runtime = args.next().unwrap_or_default();
    let mut number = || args.next().and_then(|number| number.parse().ok());
    let (max, threads) = (number(), number().and_then(NonZeroUsize::new));
    let service = args.next().unwrap_or_default();
    let mut number = || args.next().and_then(|number| number.parse().ok());
    let limit = number();
    if let Some(most) = number() {
        few_tasks(most);
    }
    let serve = match runtime.as_str() {
        Blocking::NAME => serve::<Blocking>,
        BlockingIterative::NAME => serve::<BlockingIterative>,
        BlockingPool::NAME => serve::<BlockingPool>,
        AsyncStd::NAME => serve::<AsyncStd>,
        Mio::NAME => serve::<Mio>,
        MioLoops::NAME => serve::<MioLoops>,
        Tokio::NAME => serve::<Tokio>,
        Nonblocking::NAME => serve::<Nonblocking>,
        #[cfg(all(target_os = "linux", target_pointer_width = "64"))]
        Uring::NAME => serve::<Uring>,
        #[cfg(unix)]
        Select::NAME => serve::<Select>,
        #[cfg(unix)]
        Poll::NAME => serve::<Poll>,
        #[cfg(target_os = "linux")]
        EpollLevel::NAME => serve::<EpollLevel>,
        _ => {
            eprintln!(
                "usage: parrots RUNTIME [MAX_CONNECTIONS [THREADS [SERVICE [LIMIT [TASKS]]]]]"
            );
            return ExitCode::from(2);
        }
    };
    match serve(max.unwrap_or(1024), threads, &service, limit) {
        Status::Stopped => ExitCode::SUCCESS,
        other => {
            eprintln!("{other:?}");
            ExitCode::FAILURE
        }
    }
}

fn serve<B: Backend>(
    max: usize,
    threads: Option<NonZeroUsize>,
    service: &str,
    limit: Option<usize>,
) -> Status {
    many_descriptors();
    let mut run = Run::new(Arc::new(Lines), ());
    run.threads = threads;
    run.limit = match limit {
        Some(total) => ConnectionLimit::new(total, total).with_silence(PATIENCE),
        None => ConnectionLimit::waiting(max),
    };
    let stop = run.stop.clone();
    thread::spawn(move || {
        // It ends when whoever started this has ended.
        let _ = std::io::stdin().read_to_end(&mut Vec::new());
        stop.request();
    });
    let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let run = Arc::new(run);
    match service {
        "survivors" => B::serve_streams(any, Arc::new(Survivors::default()), &run),
        "submissions" => B::serve_streams(any, Arc::new(submissions()), &run),
        _ => B::serve_streams(any, Arc::new(Parrots), &run),
    }
}

/// Lets the user of this process have so many threads in all.
#[cfg(unix)]
fn few_tasks(most: usize) {
    use rustix::process::{Resource, Rlimit, setrlimit};
    let most = Some(most as u64);
    let limit = Rlimit {
        current: most,
        maximum: most,
    };
    setrlimit(Resource::Nproc, limit).unwrap();
}

#[cfg(not(unix))]
fn few_tasks(_: usize) {}

/// Says notices on standard output.
struct Lines;

impl Console for Lines {
    fn prompt(&self, _: Prompt) {}
    fn show(&self, _: &[u8]) {}
    fn notice(&self, notice: Notice) {
        let line = match notice {
            Notice::Ready(address) => format!("ready {address}\n"),
            Notice::AcceptPaused(resource, _) => format!("accept-paused {}\n", resource.name()),
            other => format!("{}\n", other.name()),
        };
        let mut stdout = std::io::stdout().lock();
        let _ = stdout
            .write_all(line.as_bytes())
            .and_then(|()| stdout.flush());
        // A console may be slow, and a connection may end meanwhile.
        if matches!(notice, Notice::AcceptPaused(..)) {
            thread::sleep(std::time::Duration::from_millis(100));
        }
    }
}
