//! The ring: the operations in the kernel, and the memory that it uses until they are complete.
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

use crate::message::{self, ADDRESS_LEN, CONTROL_LEN};

/// How many operations one call submits at most, and how many completions the queue holds. The
/// kernel keeps further completions until there is room.
const SUBMISSION_ENTRIES: u32 = 512;
const COMPLETION_ENTRIES: u32 = 4096;

/// The buffers to receive into. The kernel takes one only when data have come, so a thousand silent
/// connections need none. Each holds the longest datagram with its sender and control messages.
/// Their size is no multiple of a page; otherwise the first bytes of all buffers would compete for
/// the same cache lines.
const BUFFERS: u16 = 256;
const BUFFER_LEN: usize = DATAGRAM_BUFFER + 1024 + 64;
const GROUP: u16 = 0;

/// An io_uring and its operations. `W` identifies who asked for each.
pub(crate) struct Ring<W: Clone> {
    ring: IoUring,
    operations: Slab<Operation<W>>,
    /// The buffers that the kernel may receive into; its list of them; and how many times a buffer
    /// was added to that list.
    buffers: Vec<Vec<u8>>,
    free: Box<FreeList>,
    tail: u16,
    /// The numbers of the buffers that hold received data, and need a spare one in their place.
    taken: Vec<u16>,
    /// Spare buffers. Their number is fixed, so received data that is not yet read has a limit.
    pool: Pool,
    /// Tells the kernel how to divide a datagram's buffer between sender, control messages and
    /// bytes.
    header: Box<libc::msghdr>,
    /// Memory of completed sends, to be reused.
    #[expect(clippy::vec_box, reason = "the kernel has its address")]
    spare: Vec<Box<Outgoing>>,
}

#[repr(C, align(4096))]
struct FreeList([BufRingEntry; BUFFERS as usize]);

type Pool = Rc<RefCell<Vec<Vec<u8>>>>;

/// What the kernel is asked to do with a socket.
#[derive(Clone, Copy)]
pub(crate) enum Request<'a> {
    /// Accept a connection.
    Accept,
    /// Connect.
    Connect(SocketAddr),
    /// Receive some bytes of a stream, once.
    Receive,
    /// Receive datagrams (multishot), until there is no buffer or an error.
    ReceiveMultishot,
    /// Send these bytes, of which the ring takes a copy: to the link's peer, or where the socket is
    /// connected.
    Send(&'a [u8], Option<&'a Link>),
}

/// The result of a request.
pub(crate) enum Completed {
    Accepted(Socket, SocketAddr),
    Connected,
    Received(ReceivedBuffer),
    /// A message was sent, whole.
    Sent,
}

/// A completion of a request that `owner` made.
pub(crate) struct Completion<W> {
    pub(crate) owner: W,
    /// Whether the request was a send.
    pub(crate) is_send: bool,
    /// Whether the same request will give more completions (multishot).
    pub(crate) more: bool,
    pub(crate) result: io::Result<Completed>,
}

/// Received bytes, in a buffer that goes back to the pool when dropped.
pub(crate) struct ReceivedBuffer {
    buffer: Vec<u8>,
    len: usize,
    pool: Pool,
}

/// An operation in flight.
struct Operation<W> {
    owner: W,
    kind: Kind,
    /// Keeps the socket open until the operation is complete, so that another socket cannot get the
    /// number of its descriptor.
    _open: Rc<Socket>,
}

/// The kind of an operation, with the memory that the kernel reads or writes for it alone.
enum Kind {
    /// Room for the peer's address, and its length.
    Accept(Box<([u8; ADDRESS_LEN], libc::socklen_t)>),
    Connect(#[expect(dead_code, reason = "the kernel reads it")] Box<SockAddr>),
    Receive,
    Send(Box<Outgoing>),
}

/// A message that is being sent, in memory that stays in place.
#[derive(Default)]
struct Outgoing {
    bytes: Vec<u8>,
    to: Option<SockAddr>,
    control: Vec<u8>,
    header: Option<(libc::iovec, libc::msghdr)>,
}

impl<W: Clone> Ring<W> {
    /// Makes a ring for the calling thread.
    ///
    /// # Errors
    /// When io_uring is missing or forbidden, or the kernel is older than Linux 6.1.
    pub(crate) fn new() -> io::Result<Self> {
        // One thread submits and waits. So the kernel need not interrupt it, and completes
        // operations when the thread waits.
        let ring = IoUring::builder()
            .setup_cqsize(COMPLETION_ENTRIES)
            .setup_submit_all()
            .setup_single_issuer()
            .setup_defer_taskrun()
            .build(SUBMISSION_ENTRIES)?;
        // SAFETY: all-zero bytes are valid for both types: they mean no address and no length.
        let (free, mut header): (Box<FreeList>, Box<libc::msghdr>) =
            unsafe { (Box::new(mem::zeroed()), Box::new(mem::zeroed())) };
        (header.msg_namelen, header.msg_controllen) = (ADDRESS_LEN as u32, CONTROL_LEN as _);
        let address = free.0.as_ptr() as u64;
        // SAFETY: the list has `BUFFERS` entries and is aligned to a page.
        unsafe { (ring.submitter()).register_buf_ring_with_flags(address, BUFFERS, GROUP, 0)? };
        let mut ring = Ring {
            ring,
            operations: Slab::new(),
            buffers: vec![Vec::new(); BUFFERS.into()],
            free,
            tail: 0,
            taken: (0..BUFFERS).collect(),
            pool: Rc::new(RefCell::new(vec![Vec::new(); 2 * usize::from(BUFFERS)])),
            header,
            spare: Vec::new(),
        };
        ring.refill();
        Ok(ring)
    }

    /// Submits the pending requests, and waits until an operation is complete, or for `timeout`.
    pub(crate) fn wait(&mut self, timeout: Option<Duration>) -> io::Result<()> {
        self.refill();
        let timeout = timeout.map(Timespec::from);
        let args = (timeout.iter()).fold(SubmitArgs::new(), |args, timeout| args.timespec(timeout));
        match self.ring.submitter().submit_with_args(1, &args) {
            // ETIME: the timeout has passed. EBUSY: there are more completions than the queue
            // holds.
            Err(error) if ![ETIME, EBUSY].map(Some).contains(&error.raw_os_error()) => Err(error),
            _ => Ok(()),
        }
    }

    /// Takes the next completion.
    pub(crate) fn next(&mut self) -> Option<Completion<W>> {
        let known = |entry: &cqueue::Entry| self.operations.contains(entry.user_data() as usize);
        let entry = self.ring.completion().find(known)?;
        let (key, more) = (entry.user_data() as usize, cqueue::more(entry.flags()));
        let received = cqueue::buffer_select(entry.flags()).map(|id| self.take(id));
        let Operation { kind, owner, .. } = &self.operations[key];
        let result = match entry.result() {
            error @ ..0 => Err(io::Error::from_raw_os_error(-error)),
            number => self.done(kind, number, received),
        };
        let (owner, is_send) = (owner.clone(), matches!(kind, Kind::Send(_)));
        if !more && let Kind::Send(outgoing) = self.operations.remove(key).kind {
            self.spare.push(outgoing);
        }
        Some(Completion {
            owner,
            is_send,
            more,
            result,
        })
    }

    /// Interprets the kernel's result: a descriptor, or a number of bytes.
    fn done(&self, kind: &Kind, number: i32, received: Option<Vec<u8>>) -> io::Result<Completed> {
        let len = number as usize;
        Ok(match kind {
            Kind::Accept(name) => {
                // SAFETY: the kernel has just opened this descriptor for this operation alone.
                let socket = unsafe { OwnedFd::from_raw_fd(number) };
                let peer = message::address(&name.0).ok_or(ErrorKind::AddrNotAvailable)?;
                Completed::Accepted(socket.into(), peer)
            }
            Kind::Connect(_) => Completed::Connected,
            Kind::Receive => {
                let (buffer, pool) = (received.unwrap_or_default(), Rc::clone(&self.pool));
                let len = len.min(buffer.len());
                Completed::Received(ReceivedBuffer { buffer, len, pool })
            }
            // A stream failed before all bytes were sent.
            Kind::Send(outgoing) if len < outgoing.bytes.len() => Err(ErrorKind::BrokenPipe)?,
            Kind::Send(_) => Completed::Sent,
        })
    }

    /// Submits a request for a socket. Returns the operation's number.
    pub(crate) fn submit(
        &mut self,
        owner: W,
        socket: &Rc<Socket>,
        request: Request<'_>,
    ) -> io::Result<u64> {
        let fd = fd(socket);
        let (kind, entry) = match request {
            Request::Accept => {
                let mut name = Box::new(([0; ADDRESS_LEN], ADDRESS_LEN as u32));
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
                let receive = opcode::Recv::new(fd, ptr::null_mut(), DATAGRAM_BUFFER as u32);
                let receive = receive.buf_group(GROUP).build();
                (Kind::Receive, receive.flags(squeue::Flags::BUFFER_SELECT))
            }
            Request::ReceiveMultishot => {
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
        self.operations.insert(Operation { owner, kind, _open });
        Ok(key as u64)
    }

    /// Cancels operations. Each still has a completion, which says so.
    pub(crate) fn cancel(&mut self, what: CancelBuilder) {
        // Ignore errors: without room for the cancellation, the operations go on.
        let _ = self.push(usize::MAX, opcode::AsyncCancel2::new(what).build());
    }

    /// Puts an operation into the submission queue.
    fn push(&mut self, key: usize, entry: squeue::Entry) -> io::Result<()> {
        if self.ring.submission().is_full() {
            self.ring.submit()?;
        }
        // SAFETY: all memory that the entry points to belongs to the ring, or to the operation with
        // this key, whose last completion has not come.
        let pushed = unsafe { self.ring.submission().push(&entry.user_data(key as u64)) };
        pushed.map_err(|_| ErrorKind::WouldBlock.into())
    }

    /// Takes a buffer that the kernel has written to. The next wait replaces it.
    fn take(&mut self, id: u16) -> Vec<u8> {
        self.taken.push(id);
        mem::take(&mut self.buffers[usize::from(id)])
    }

    /// Gives the kernel spare buffers for those that were taken. When no buffer is left, the kernel
    /// receives nothing until the program has read some of what it received before.
    fn refill(&mut self) {
        while let Some(id) = self.taken.pop() {
            let Some(mut buffer) = self.pool.borrow_mut().pop() else {
                return self.taken.push(id);
            };
            // A buffer gets its memory when it is first needed.
            buffer.resize(BUFFER_LEN, 0);
            self.buffers[usize::from(id)] = buffer;
            self.provide(id);
        }
    }

    /// Gives a buffer to the kernel.
    fn provide(&mut self, id: u16) {
        let entry = &mut self.free.0[usize::from(self.tail % BUFFERS)];
        entry.set_addr(self.buffers[usize::from(id)].as_mut_ptr() as u64);
        entry.set_len(BUFFER_LEN as u32);
        entry.set_bid(id);
        self.tail = self.tail.wrapping_add(1);
        // SAFETY: the tail lies in the reserved field of the first entry, which overlaps none of
        // its address, length and number. The kernel reads an entry only after the tail has passed
        // it; from then on only the kernel uses the buffer.
        unsafe {
            let tail = BufRingEntry::tail(self.free.0.as_mut_ptr()).cast_mut();
            AtomicU16::from_ptr(tail).store(self.tail, Ordering::Release);
        }
    }
}

/// Names a socket in an operation.
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
        // The kernel would write to memory that has been given to another use by then.
        process::abort();
    }
}

impl ReceivedBuffer {
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.buffer[..self.len]
    }
}

impl Drop for ReceivedBuffer {
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
        // MSG_WAITALL: send all bytes of a stream, however long that takes.
        let flags = libc::MSG_NOSIGNAL | libc::MSG_WAITALL;
        let Some((link, local)) = to.and_then(|link| Some((link, link.local?))) else {
            let send = opcode::Send::new(fd, bytes, u32::try_from(len).unwrap_or(u32::MAX));
            let send = send.dest_addr(name).dest_addr_len(name_len);
            return send.flags(flags).build();
        };
        message::write_source(local, link.peer, &mut self.control);
        // SAFETY: all-zero bytes are valid for both types: null pointers and no length.
        let (piece, header) = self.header.insert(unsafe { mem::zeroed() });
        (piece.iov_base, piece.iov_len) = (bytes.cast(), len);
        (header.msg_name, header.msg_namelen) = (name.cast_mut().cast(), name_len);
        (header.msg_iov, header.msg_iovlen) = (piece, 1);
        header.msg_control = self.control.as_mut_ptr().cast();
        header.msg_controllen = self.control.len() as _;
        opcode::SendMsg::new(fd, header).build()
    }
}

#[cfg(test)]
mod tests {
    use std::net::UdpSocket;

    use super::*;

    const LIMIT: Option<Duration> = Some(Duration::from_millis(20));

    /// Takes what there is until there is no more, or no buffer for it.
    fn receive(ring: &mut Ring<()>, socket: &Rc<Socket>, held: &mut Vec<ReceivedBuffer>) {
        let mut armed = false;
        loop {
            if !armed {
                ring.submit((), socket, Request::ReceiveMultishot).unwrap();
            }
            ring.wait(LIMIT).unwrap();
            let before = held.len();
            while let Some(completion) = ring.next() {
                armed = completion.more;
                if let Ok(Completed::Received(buffer)) = completion.result {
                    held.push(buffer);
                }
            }
            if held.len() == before {
                return;
            }
        }
    }

    /// Nothing is lost by the limit: the rest stays in the system's own buffer.
    #[test]
    fn what_is_received_and_not_read_has_a_limit() {
        let Ok(mut ring) = Ring::new() else {
            eprintln!("SKIPPED: this system has no io_uring");
            return;
        };
        let server = UdpSocket::bind("127.0.0.1:0").unwrap();
        let client = UdpSocket::bind("127.0.0.1:0").unwrap();
        client.connect(server.local_addr().unwrap()).unwrap();
        let server = Rc::new(Socket::from(server));
        let (mut held, mut sent) = (Vec::new(), 0);
        for _ in 0..4 {
            for _ in 0..150 {
                client.send(b"hola").unwrap();
                sent += 1;
            }
            receive(&mut ring, &server, &mut held);
            assert!(held.len() <= 2 * usize::from(BUFFERS), "{}", held.len());
        }
        assert_eq!(held.len(), 2 * usize::from(BUFFERS));
        let mut received = held.len();
        held.clear();
        receive(&mut ring, &server, &mut held);
        received += held.len();
        assert_eq!(received, sent);
    }
}
