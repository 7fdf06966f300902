//! The ring: the operations of the kernel, and the memory that it works on until they are done.
//!
//! All `unsafe` code of this crate is here. One rule makes it sound: memory that the kernel may
//! read or write is on the heap, belongs to the [`Ring`] or to an [`Operation`], and stays there
//! until the operation's last completion. `Drop` cancels the remaining operations, and waits for
//! them.

#![expect(
    unsafe_code,
    reason = "the kernel works on memory that it was given by its address"
)]

use std::cell::RefCell;
use std::io::{self, ErrorKind};
use std::mem;
use std::net::SocketAddr;
use std::ops::Deref;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::process;
use std::ptr;
use std::rc::Rc;
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;

use io_uring::types::{BufRingEntry, CancelBuilder, Fd, SubmitArgs, Timespec};
use io_uring::{IoUring, cqueue, opcode, squeue};
use nix::libc::{self, EBUSY, ETIME};
use slab::Slab;
use socket2::{SockAddr, Socket};
use socklab_core::Link;
use socklab_system::socket::DATAGRAM_BUFFER;

use crate::message::{self, CONTROL, NAME};

/// How many operations are submitted in one call at most, and how many completions the queue has
/// room for. More of these are kept by the kernel.
const SUBMISSIONS: u32 = 512;
const COMPLETIONS: u32 = 4096;

/// The buffers to receive into, of which the kernel takes one when something has come, and not
/// before: a thousand silent connections need none. Each has room for the longest datagram and for
/// what is told beside it. Their size is not a multiple of a page, or the first bytes of all would
/// compete for the same lines of the cache.
const BUFFERS: u16 = 256;
const BUFFER: usize = DATAGRAM_BUFFER + 1024 + 64;
const GROUP: u16 = 0;

/// An io_uring, and what it is doing for `W`.
pub(crate) struct Ring<W: Clone> {
    ring: IoUring,
    operations: Slab<Operation<W>>,
    /// What the kernel may receive into, its list of that, and how many times it got one.
    buffers: Vec<Vec<u8>>,
    free: Box<FreeList>,
    tail: u16,
    /// More buffers, for those that were received into.
    pool: Pool,
    /// How it divides the buffer of a datagram.
    header: Box<libc::msghdr>,
    /// Of sends that are complete, to be used again.
    #[expect(clippy::vec_box, reason = "the kernel has its address")]
    spare: Vec<Box<Outgoing>>,
}

#[repr(C, align(4096))]
struct FreeList([BufRingEntry; BUFFERS as usize]);

type Pool = Rc<RefCell<Vec<Vec<u8>>>>;

/// What the kernel is asked to do with a socket.
#[derive(Clone, Copy)]
pub(crate) enum Request<'a> {
    /// Take a connection.
    Accept,
    /// Connect.
    Connect(SocketAddr),
    /// Receive some bytes, once.
    Receive,
    /// Receive datagrams, until there is no buffer for one, or an error.
    ReceiveAll,
    /// Send these bytes, of which the ring takes a copy, to where the socket is connected, or to a
    /// peer.
    Send(&'a [u8], Option<&'a Link>),
}

/// What it has done.
pub(crate) enum Done {
    Accepted(Socket, SocketAddr),
    Connected,
    Received(Incoming),
    /// A message has gone, whole.
    Sent,
}

/// A completion: of what was asked for by `whose`.
pub(crate) struct Completion<W> {
    pub(crate) whose: W,
    /// It is that of a send.
    pub(crate) of_send: bool,
    /// More will come without being asked for.
    pub(crate) more: bool,
    pub(crate) result: io::Result<Done>,
}

/// What was received, in a buffer that goes back to the pool.
pub(crate) struct Incoming {
    buffer: Vec<u8>,
    len: usize,
    pool: Pool,
}

/// An operation that is not complete.
struct Operation<W> {
    whose: W,
    kind: Kind,
    /// Open until the operation is complete, so that its number cannot be another socket's.
    _open: Rc<Socket>,
}

/// What it is, and what the kernel reads or writes for it alone.
enum Kind {
    /// Room for the address of who connects, and its length.
    Accept(Box<([u8; NAME], libc::socklen_t)>),
    Connect(#[expect(dead_code, reason = "the kernel reads it")] Box<SockAddr>),
    Receive,
    Send(Box<Outgoing>),
}

/// A message that is being sent.
#[derive(Default)]
struct Outgoing {
    bytes: Vec<u8>,
    to: Option<SockAddr>,
    control: Vec<u8>,
    header: Option<(libc::iovec, libc::msghdr)>,
}

impl<W: Clone> Ring<W> {
    /// A ring for the thread that calls.
    ///
    /// # Errors
    /// Where there is no io_uring, or an older one than Linux 6.1's.
    pub(crate) fn new() -> io::Result<Self> {
        // One thread submits and waits, so the kernel need not interrupt it, and completes what it
        // can when that thread waits.
        let ring = IoUring::builder()
            .setup_cqsize(COMPLETIONS)
            .setup_submit_all()
            .setup_single_issuer()
            .setup_defer_taskrun()
            .build(SUBMISSIONS)?;
        // SAFETY: zero is a value of each field of both: no address, no length.
        let (free, mut header): (Box<FreeList>, Box<libc::msghdr>) =
            unsafe { (Box::new(mem::zeroed()), Box::new(mem::zeroed())) };
        (header.msg_namelen, header.msg_controllen) = (NAME as u32, CONTROL as _);
        let address = free.0.as_ptr() as u64;
        // SAFETY: there are so many entries, on a page of their own.
        unsafe { (ring.submitter()).register_buf_ring_with_flags(address, BUFFERS, GROUP, 0)? };
        let mut ring = Ring {
            ring,
            operations: Slab::new(),
            buffers: (0..BUFFERS).map(|_| vec![0; BUFFER]).collect(),
            free,
            tail: 0,
            pool: Pool::default(),
            header,
            spare: Vec::new(),
        };
        (0..BUFFERS).for_each(|id| ring.provide(id));
        Ok(ring)
    }

    /// Submits what was asked for, and waits until anything is complete, or for `limit`.
    pub(crate) fn wait(&mut self, limit: Option<Duration>) -> io::Result<()> {
        let limit = limit.map(Timespec::from);
        let args = (limit.iter()).fold(SubmitArgs::new(), |args, limit| args.timespec(limit));
        match self.ring.submitter().submit_with_args(1, &args) {
            // The time has passed; or there are more completions than the queue has room for.
            Err(error) if ![ETIME, EBUSY].map(Some).contains(&error.raw_os_error()) => Err(error),
            _ => Ok(()),
        }
    }

    /// The next thing that the kernel has done.
    pub(crate) fn next(&mut self) -> Option<Completion<W>> {
        let known = |entry: &cqueue::Entry| self.operations.contains(entry.user_data() as usize);
        let entry = self.ring.completion().find(known)?;
        let (key, more) = (entry.user_data() as usize, cqueue::more(entry.flags()));
        let received = cqueue::buffer_select(entry.flags()).map(|id| self.take(id));
        let Operation { kind, whose, .. } = &self.operations[key];
        let result = match entry.result() {
            error @ ..0 => Err(io::Error::from_raw_os_error(-error)),
            number => self.done(kind, number, received),
        };
        let (whose, of_send) = (whose.clone(), matches!(kind, Kind::Send(_)));
        if !more && let Kind::Send(outgoing) = self.operations.remove(key).kind {
            self.spare.push(outgoing);
        }
        Some(Completion {
            whose,
            of_send,
            more,
            result,
        })
    }

    /// What was done, from the number that it resulted in: a descriptor, or how much was moved.
    fn done(&self, kind: &Kind, number: i32, received: Option<Vec<u8>>) -> io::Result<Done> {
        let len = number as usize;
        Ok(match kind {
            Kind::Accept(name) => {
                // SAFETY: the kernel has just opened this descriptor for this operation alone.
                let socket = unsafe { OwnedFd::from_raw_fd(number) };
                let peer = message::address(&name.0).ok_or(ErrorKind::AddrNotAvailable)?;
                Done::Accepted(socket.into(), peer)
            }
            Kind::Connect(_) => Done::Connected,
            Kind::Receive => {
                let (buffer, pool) = (received.unwrap_or_default(), Rc::clone(&self.pool));
                let len = len.min(buffer.len());
                Done::Received(Incoming { buffer, len, pool })
            }
            // Of a stream that has failed meanwhile.
            Kind::Send(outgoing) if len < outgoing.bytes.len() => {
                return Err(ErrorKind::BrokenPipe.into());
            }
            Kind::Send(_) => Done::Sent,
        })
    }

    /// Asks the kernel to do something with a socket. Returns the operation's number.
    pub(crate) fn ask(
        &mut self,
        whose: W,
        socket: &Rc<Socket>,
        request: Request<'_>,
    ) -> io::Result<u64> {
        let fd = fd(socket);
        let (kind, entry) = match request {
            Request::Accept => {
                let mut name = Box::new(([0; NAME], NAME as u32));
                let (bytes, len) = (name.0.as_mut_ptr().cast(), &raw mut name.1);
                let accept = opcode::Accept::new(fd, bytes, len).flags(libc::SOCK_CLOEXEC);
                (Kind::Accept(name), accept.build())
            }
            Request::Connect(to) => {
                let name = Box::new(SockAddr::from(to));
                let connect = opcode::Connect::new(fd, name.as_ptr().cast(), name.len());
                (Kind::Connect(name), connect.build())
            }
            Request::Receive => {
                let most = DATAGRAM_BUFFER as u32;
                let receive = opcode::Recv::new(fd, ptr::null_mut(), most).buf_group(GROUP);
                let receive = receive.build().flags(squeue::Flags::BUFFER_SELECT);
                (Kind::Receive, receive)
            }
            Request::ReceiveAll => {
                let receive = opcode::RecvMsgMulti::new(fd, &raw const *self.header, GROUP);
                (Kind::Receive, receive.build())
            }
            Request::Send(bytes, to) => {
                let mut outgoing = self.spare.pop().unwrap_or_default();
                let entry = outgoing.send(fd, bytes, to);
                (Kind::Send(outgoing), entry)
            }
        };
        let (key, _open) = (self.operations.vacant_key(), Rc::clone(socket));
        self.push(key, entry)?;
        self.operations.insert(Operation { whose, kind, _open });
        Ok(key as u64)
    }

    /// Gives up operations. They complete, in vain.
    pub(crate) fn cancel(&mut self, what: CancelBuilder) {
        // Without room for it, they go on.
        let _ = self.push(usize::MAX, opcode::AsyncCancel2::new(what).build());
    }

    /// Hands an operation to the kernel.
    fn push(&mut self, key: usize, entry: squeue::Entry) -> io::Result<()> {
        if self.ring.submission().is_full() {
            self.ring.submit()?;
        }
        // SAFETY: what the entry has the addresses of belongs to the ring, or to the operation with
        // this key, whose last completion has not come.
        let pushed = unsafe { self.ring.submission().push(&entry.user_data(key as u64)) };
        pushed.map_err(|_| ErrorKind::WouldBlock.into())
    }

    /// Takes a buffer that the kernel has written to, and gives it another.
    fn take(&mut self, id: u16) -> Vec<u8> {
        let spare = self.pool.borrow_mut().pop();
        let other = spare.unwrap_or_else(|| vec![0; BUFFER]);
        let taken = mem::replace(&mut self.buffers[usize::from(id)], other);
        self.provide(id);
        taken
    }

    /// Lets the kernel take this buffer.
    fn provide(&mut self, id: u16) {
        let entry = &mut self.free.0[usize::from(self.tail % BUFFERS)];
        entry.set_addr(self.buffers[usize::from(id)].as_mut_ptr() as u64);
        entry.set_len(BUFFER as u32);
        entry.set_bid(id);
        self.tail = self.tail.wrapping_add(1);
        // SAFETY: the tail lies in the first entry's reserved field, which is none of its address,
        // length and number. The kernel reads no entry before the tail has passed it; from then on
        // only the kernel uses the buffer.
        unsafe {
            let tail = BufRingEntry::tail(self.free.0.as_mut_ptr()).cast_mut();
            AtomicU16::from_ptr(tail).store(self.tail, Ordering::Release);
        }
    }
}

/// How an operation names a socket.
pub(crate) fn fd(socket: &Socket) -> Fd {
    Fd(socket.as_raw_fd())
}

impl<W: Clone> Drop for Ring<W> {
    fn drop(&mut self) {
        for _ in 0..100 {
            if self.operations.is_empty() {
                return;
            }
            let _ = self.ring.submit();
            let any = CancelBuilder::any();
            let _ = self.ring.submitter().register_sync_cancel(None, any);
            let _ = self.wait(Some(Duration::from_millis(10)));
            while self.next().is_some() {}
        }
        // Or the kernel would write to memory that is another's by then.
        process::abort();
    }
}

impl Deref for Incoming {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.buffer[..self.len]
    }
}

impl Drop for Incoming {
    fn drop(&mut self) {
        let buffer = mem::take(&mut self.buffer);
        if !buffer.is_empty() {
            self.pool.borrow_mut().push(buffer);
        }
    }
}

impl Outgoing {
    fn send(&mut self, fd: Fd, bytes: &[u8], to: Option<&Link>) -> squeue::Entry {
        self.bytes.clear();
        self.bytes.extend_from_slice(bytes);
        let (bytes, len) = (self.bytes.as_mut_ptr(), bytes.len());
        self.to = to.map(|link| link.peer.into());
        let name = self.to.as_ref();
        let (name, name_len) = name.map_or((ptr::null(), 0), |to| (to.as_ptr().cast(), to.len()));
        // All of a stream's bytes, however long that takes.
        let flags = libc::MSG_NOSIGNAL | libc::MSG_WAITALL;
        let Some((link, local)) = to.and_then(|link| Some((link, link.local?))) else {
            let send = opcode::Send::new(fd, bytes, u32::try_from(len).unwrap_or(u32::MAX));
            let send = send.dest_addr(name).dest_addr_len(name_len);
            return send.flags(flags).build();
        };
        message::leave_from(local, link.peer, &mut self.control);
        // SAFETY: zero is a value of each field of both: null, and no length.
        let (piece, header) = self.header.insert(unsafe { mem::zeroed() });
        (piece.iov_base, piece.iov_len) = (bytes.cast(), len);
        (header.msg_name, header.msg_namelen) = (name.cast_mut().cast(), name_len);
        (header.msg_iov, header.msg_iovlen) = (piece, 1);
        header.msg_control = self.control.as_mut_ptr().cast();
        header.msg_controllen = self.control.len() as _;
        opcode::SendMsg::new(fd, header).build()
    }
}
