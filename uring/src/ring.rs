//! The ring: what the kernel is asked to do, and the memory that it works on until it has done it.
//!
//! All `unsafe` code of this crate is here and in `buffers`. It is sound because of one rule:
//! whatever the kernel may read or write belongs to an [`Operation`] in `operations`, or to
//! `buffers`, and stays there until the operation's last completion has come. `Drop` cancels what
//! is left, and waits for it.

#![expect(
    unsafe_code,
    reason = "the kernel works on memory that it was given by its address"
)]

use std::io;
use std::net::SocketAddr;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::ptr;
use std::rc::Rc;
use std::time::Duration;

use io_uring::types::{CancelBuilder, Fd, SubmitArgs, Timespec};
use io_uring::{IoUring, cqueue, opcode, squeue};
use nix::libc;
use slab::Slab;
use socket2::Socket;
use socklab_core::Link;

use crate::buffers::{Buffers, GROUP, Incoming};
use crate::bytes::{self, CONTROL, Name};

/// How many operations are submitted in one call at most, and how many completions the queue has
/// room for. More of these are kept by the kernel.
const SUBMISSIONS: u32 = 512;
const COMPLETIONS: u32 = 4096;

/// An io_uring, with what it is doing for conversations `W`.
pub(crate) struct Ring<W: Copy> {
    ring: IoUring,
    operations: Slab<Operation<W>>,
    buffers: Buffers,
    /// Completions that have been taken from the queue, the next one last.
    arrived: Vec<cqueue::Entry>,
    /// Memory of sends that are complete, to be used again.
    #[expect(clippy::vec_box, reason = "the kernel has its address")]
    spare: Vec<Box<Outgoing>>,
}

/// What the kernel has been asked to do.
struct Operation<W> {
    whose: W,
    memory: Memory,
    /// Open until the operation is complete, so that its number cannot be another socket's.
    socket: Rc<Socket>,
}

/// What the kernel reads and writes.
enum Memory {
    Accept(Box<Name>),
    Connect(#[expect(dead_code, reason = "the kernel reads it")] Box<Name>),
    /// Into a buffer that the kernel takes from those provided.
    Bytes,
    /// The same, with the sender's address, for as many datagrams as come.
    Datagrams(Box<libc::msghdr>),
    Send(Box<Outgoing>),
    Poll,
}

/// A message that is being sent.
struct Outgoing {
    bytes: Vec<u8>,
    /// How many of them have gone.
    sent: usize,
    to: Name,
    control: Vec<u8>,
    piece: libc::iovec,
    header: libc::msghdr,
}

/// Something that the kernel has done.
pub(crate) struct Completion<W> {
    pub(crate) whose: W,
    pub(crate) what: Done,
}

/// What it was.
pub(crate) enum Done {
    /// A connection was accepted.
    Accepted(io::Result<(Socket, SocketAddr)>),
    /// A connection is open.
    Connected(io::Result<()>),
    /// Something was received; and whether more will be without being asked for.
    Received(io::Result<Incoming>, bool),
    /// A message has gone, whole.
    Sent(io::Result<()>),
    /// A socket is readable.
    Readable,
}

impl<W: Copy> Ring<W> {
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
        let buffers = Buffers::new()?;
        buffers.register(&ring)?;
        Ok(Ring {
            ring,
            operations: Slab::new(),
            buffers,
            arrived: Vec::new(),
            spare: Vec::new(),
        })
    }

    /// Submits what was asked for, and waits until anything is complete, or for `limit`. Returns
    /// how much is.
    pub(crate) fn wait(&mut self, limit: Option<Duration>) -> io::Result<u32> {
        let waited = match limit {
            None => self.ring.submit_and_wait(1),
            Some(limit) => {
                let limit = Timespec::from(limit);
                let limit = SubmitArgs::new().timespec(&limit);
                self.ring.submitter().submit_with_args(1, &limit)
            }
        };
        self.arrived.extend(self.ring.completion());
        self.arrived.reverse();
        match waited {
            // The time has passed; or there are more completions than the queue has room for.
            Err(error) if ![libc::ETIME, libc::EBUSY].contains(&code(&error)) => Err(error),
            _ => Ok(u32::try_from(self.arrived.len()).unwrap_or(u32::MAX)),
        }
    }

    /// The next thing that the kernel has done.
    pub(crate) fn next(&mut self) -> Option<Completion<W>> {
        loop {
            let entry = self.arrived.pop()?;
            if entry.user_data() != CANCEL
                && let Some(completion) = self.complete(&entry)
            {
                return Some(completion);
            }
        }
    }

    fn complete(&mut self, entry: &cqueue::Entry) -> Option<Completion<W>> {
        let key = usize::try_from(entry.user_data()).ok()?;
        let more = cqueue::more(entry.flags());
        let result = match entry.result() {
            error @ ..0 => Err(io::Error::from_raw_os_error(-error)),
            moved => Ok(moved as usize),
        };
        let operation = self.operations.get_mut(key)?;
        let whose = operation.whose;
        let what = match &mut operation.memory {
            Memory::Accept(name) => Done::Accepted(result.and_then(|number| {
                // SAFETY: the kernel has just opened this descriptor for this operation alone.
                let socket = unsafe { OwnedFd::from_raw_fd(number as i32) };
                let no_address = io::ErrorKind::AddrNotAvailable;
                let peer = bytes::address(&name.bytes).ok_or(no_address)?;
                Ok((socket.into(), peer))
            })),
            Memory::Connect(_) => Done::Connected(result.map(drop)),
            Memory::Poll => Done::Readable,
            Memory::Bytes => {
                let id = cqueue::buffer_select(entry.flags());
                let incoming = result.map(|len| match id {
                    Some(id) => self.buffers.took(id, len),
                    None => Incoming::default(),
                });
                Done::Received(incoming, more)
            }
            Memory::Datagrams(header) => {
                let id = cqueue::buffer_select(entry.flags());
                let incoming = result.and_then(|len| match id {
                    Some(id) => Ok(self.buffers.took_datagram(id, len, header)),
                    None => Err(io::ErrorKind::InvalidData.into()),
                });
                Done::Received(incoming, more)
            }
            Memory::Send(outgoing) => {
                if let Ok(moved) = result {
                    outgoing.sent += moved;
                    // A stream may take less than all.
                    if moved > 0 && outgoing.sent < outgoing.bytes.len() {
                        let entry = outgoing.entry(&operation.socket);
                        return self
                            .push(key, entry)
                            .err()
                            .map(|error| self.failed(key, error));
                    }
                }
                Done::Sent(result.map(drop))
            }
        };
        if !more && let Memory::Send(outgoing) = self.operations.remove(key).memory {
            self.spare.push(outgoing);
        }
        Some(Completion { whose, what })
    }

    fn failed(&mut self, key: usize, error: io::Error) -> Completion<W> {
        let whose = self.operations.remove(key).whose;
        let what = Done::Sent(Err(error));
        Completion { whose, what }
    }

    /// Takes a connection.
    pub(crate) fn accept(&mut self, whose: W, listener: &Rc<Socket>) -> io::Result<()> {
        let mut name = Box::new(Name::room());
        let (bytes, len) = (name.bytes.as_mut_ptr().cast(), &raw mut name.len);
        let accept = opcode::Accept::new(fd(listener), bytes, len).flags(libc::SOCK_CLOEXEC);
        self.begin(whose, listener, Memory::Accept(name), accept.build())
    }

    /// Connects.
    pub(crate) fn connect(
        &mut self,
        whose: W,
        socket: &Rc<Socket>,
        to: SocketAddr,
    ) -> io::Result<()> {
        let name = Box::new(Name::from(to));
        let connect = opcode::Connect::new(fd(socket), name.bytes.as_ptr().cast(), name.len);
        self.begin(whose, socket, Memory::Connect(name), connect.build())
    }

    /// Receives some bytes, once.
    pub(crate) fn receive(&mut self, whose: W, socket: &Rc<Socket>) -> io::Result<()> {
        let receive = opcode::Recv::new(fd(socket), ptr::null_mut(), 0)
            .buf_group(GROUP)
            .build();
        let receive = receive.flags(squeue::Flags::BUFFER_SELECT);
        self.begin(whose, socket, Memory::Bytes, receive)
    }

    /// Receives datagrams, until there is no buffer for one, or an error; with what the kernel
    /// tells beside them, if the socket was asked to.
    pub(crate) fn receive_all(
        &mut self,
        whose: W,
        socket: &Rc<Socket>,
        told: bool,
    ) -> io::Result<()> {
        // SAFETY: zero is a value of each of its fields: no address, no pieces, no control.
        let mut header: Box<libc::msghdr> = Box::new(unsafe { std::mem::zeroed() });
        header.msg_namelen = Name::SIZE as u32;
        header.msg_controllen = if told { CONTROL } else { 0 };
        let receive = opcode::RecvMsgMulti::new(fd(socket), &raw const *header, GROUP).build();
        self.begin(whose, socket, Memory::Datagrams(header), receive)
    }

    /// Sends bytes, of which it takes a copy, to where the socket is connected, or to a peer.
    pub(crate) fn send(
        &mut self,
        whose: W,
        socket: &Rc<Socket>,
        bytes: &[u8],
        to: Option<&Link>,
    ) -> io::Result<()> {
        let mut outgoing = self.spare.pop().unwrap_or_else(Outgoing::empty);
        outgoing.fill(bytes, to);
        let entry = outgoing.entry(socket);
        self.begin(whose, socket, Memory::Send(outgoing), entry)
    }

    /// Waits until a socket is readable.
    pub(crate) fn poll(&mut self, whose: W, socket: &Rc<Socket>) -> io::Result<()> {
        let poll = opcode::PollAdd::new(fd(socket), libc::POLLIN as u32).build();
        self.begin(whose, socket, Memory::Poll, poll)
    }

    /// Gives up all that is being done with a socket. It completes, in vain.
    pub(crate) fn cancel(&mut self, socket: &Rc<Socket>) -> io::Result<()> {
        let all = CancelBuilder::fd(fd(socket)).all();
        let entry = opcode::AsyncCancel2::new(all).build().user_data(CANCEL);
        // SAFETY: a cancellation has no memory.
        unsafe { push(&mut self.ring, &entry) }
    }

    fn begin(
        &mut self,
        whose: W,
        socket: &Rc<Socket>,
        memory: Memory,
        entry: squeue::Entry,
    ) -> io::Result<()> {
        let socket = Rc::clone(socket);
        let key = self.operations.insert(Operation {
            whose,
            memory,
            socket,
        });
        let pushed = self.push(key, entry);
        if pushed.is_err() {
            self.operations.remove(key);
        }
        pushed
    }

    /// Hands an operation to the kernel.
    fn push(&mut self, key: usize, entry: squeue::Entry) -> io::Result<()> {
        debug_assert!(self.operations.contains(key));
        let entry = entry.user_data(key as u64);
        // SAFETY: the addresses in the entry are those of boxes of this operation, which stay where
        // they are, and stay until the last completion of the operation has come.
        unsafe { push(&mut self.ring, &entry) }
    }

    /// What was received.
    pub(crate) fn bytes<'a>(&'a self, incoming: &'a Incoming) -> &'a [u8] {
        self.buffers.read(incoming)
    }

    /// Moves it to memory of its own, so that the kernel has the buffer for others.
    pub(crate) fn detach(&mut self, incoming: &mut Incoming) {
        self.buffers.detach(incoming);
    }

    /// Lets the kernel have the buffer again.
    pub(crate) fn give_back(&mut self, incoming: Incoming) {
        self.buffers.give_back(incoming);
    }
}

/// What cancels another operation, and has no memory.
const CANCEL: u64 = u64::MAX;

/// # Safety
/// The memory that the entry names must be what the operation needs until it is complete.
unsafe fn push(ring: &mut IoUring, entry: &squeue::Entry) -> io::Result<()> {
    if ring.submission().is_full() {
        ring.submit()?;
    }
    // SAFETY: as the caller says.
    let pushed = unsafe { ring.submission().push(entry) };
    pushed.map_err(|_| io::ErrorKind::WouldBlock.into())
}

fn fd(socket: &Socket) -> Fd {
    Fd(socket.as_raw_fd())
}

fn code(error: &io::Error) -> i32 {
    error.raw_os_error().unwrap_or(0)
}

impl<W: Copy> Drop for Ring<W> {
    /// What the kernel still works on must not be freed.
    fn drop(&mut self) {
        let mut waits = 100;
        while self.next().is_some() {}
        while !self.operations.is_empty() && waits > 0 {
            waits -= 1;
            let _ = self.ring.submit();
            let _ = self
                .ring
                .submitter()
                .register_sync_cancel(None, CancelBuilder::any());
            let _ = self.wait(Some(Duration::from_millis(10)));
            while self.next().is_some() {}
        }
        if !self.operations.is_empty() {
            // Rather lost than written to by the kernel when it is another's.
            std::mem::forget(std::mem::take(&mut self.operations));
            self.buffers.leak();
        }
    }
}

impl Outgoing {
    fn empty() -> Box<Self> {
        // SAFETY: zero is a value of each field of these two: null, and no length.
        let (piece, header) = unsafe { (std::mem::zeroed(), std::mem::zeroed()) };
        Box::new(Outgoing {
            bytes: Vec::new(),
            sent: 0,
            to: Name::default(),
            control: Vec::new(),
            piece,
            header,
        })
    }

    fn fill(&mut self, bytes: &[u8], to: Option<&Link>) {
        self.bytes.clear();
        self.bytes.extend_from_slice(bytes);
        self.sent = 0;
        self.to = to.map_or(Name::default(), |link| link.peer.into());
        self.control.clear();
        if let Some(link) = to
            && let Some(local) = link.local
        {
            bytes::leave_from(local, link.peer, &mut self.control);
        }
    }

    /// Sends what has not gone yet.
    fn entry(&mut self, socket: &Socket) -> squeue::Entry {
        let bytes = &self.bytes[self.sent..];
        let (start, len) = (bytes.as_ptr(), bytes.len());
        let to: *const libc::sockaddr = match self.to.len {
            0 => ptr::null(),
            _ => self.to.bytes.as_ptr().cast(),
        };
        if self.control.is_empty() {
            let send = opcode::Send::new(fd(socket), start, u32::try_from(len).unwrap_or(u32::MAX));
            let send = send.dest_addr(to).dest_addr_len(self.to.len);
            return send.flags(libc::MSG_NOSIGNAL).build();
        }
        self.piece.iov_base = start.cast_mut().cast();
        self.piece.iov_len = len;
        self.header.msg_name = to.cast_mut().cast();
        self.header.msg_namelen = self.to.len;
        self.header.msg_iov = &raw mut self.piece;
        self.header.msg_iovlen = 1;
        self.header.msg_control = self.control.as_mut_ptr().cast();
        self.header.msg_controllen = self.control.len();
        opcode::SendMsg::new(fd(socket), &raw const self.header).build()
    }
}
