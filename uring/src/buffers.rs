//! Buffers that the kernel takes one of when something has come, and not before: a thousand silent
//! connections need none.

#![expect(
    unsafe_code,
    reason = "the kernel writes to memory that it was given by its address"
)]

use std::alloc::{self, Layout};
use std::io;
use std::mem;
use std::net::{IpAddr, SocketAddr};
use std::slice;
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;

use io_uring::IoUring;
use io_uring::types::{BufRingEntry, RecvMsgOut};
use nix::libc;
use socklab_system::socket::DATAGRAM_BUFFER;

use crate::bytes;

/// The group that operations name to receive into one of them.
pub(crate) const GROUP: u16 = 0;

/// What was received. It lies in a buffer that has to be [given back](Buffers::give_back).
#[derive(Debug, Default)]
pub(crate) struct Incoming {
    at: Place,
    /// Of a datagram: from whom, to which of this host's addresses, and when the kernel had it.
    pub(crate) peer: Option<SocketAddr>,
    pub(crate) local: Option<IpAddr>,
    pub(crate) stamp: Option<Duration>,
}

#[derive(Debug, Default)]
enum Place {
    #[default]
    Nowhere,
    Buffer(u16, usize, usize),
    Own(Vec<u8>),
}

/// The buffers of one ring, which is closed before they are freed.
pub(crate) struct Buffers {
    /// The kernel's list of those that it may take.
    entries: *mut BufRingEntry,
    memory: *mut u8,
    tail: u16,
    /// Those that the kernel has written to and the program reads.
    taken: [bool; COUNT as usize],
}

const COUNT: u16 = 256;

/// Whatever a datagram may be, and what is told beside it. Not a multiple of a page, or the first
/// bytes of all would compete for the same lines of the cache.
const SIZE: usize = DATAGRAM_BUFFER + 1024 + 64;

const ENTRIES: Layout = layout(size_of::<BufRingEntry>() * COUNT as usize, 4096);
// With no more alignment than the allocator always has, it takes zeroed pages as they are: none is
// touched before it is used.
const MEMORY: Layout = layout(SIZE * COUNT as usize, 16);

const fn layout(size: usize, align: usize) -> Layout {
    match Layout::from_size_align(size, align) {
        Ok(layout) => layout,
        Err(_) => panic!("a size and a power of two"),
    }
}

impl Buffers {
    pub(crate) fn new() -> io::Result<Self> {
        // SAFETY: neither layout has size zero.
        let (entries, memory) =
            unsafe { (alloc::alloc_zeroed(ENTRIES), alloc::alloc_zeroed(MEMORY)) };
        let mut buffers = Buffers {
            entries: entries.cast(),
            memory,
            tail: 0,
            taken: [false; COUNT as usize],
        };
        if entries.is_null() || memory.is_null() {
            return Err(io::ErrorKind::OutOfMemory.into());
        }
        (0..COUNT).for_each(|id| buffers.provide(id));
        Ok(buffers)
    }

    /// Has the operations of a ring, whose group this is, take them.
    pub(crate) fn register(&self, ring: &IoUring) -> io::Result<()> {
        let (ring, entries) = (ring.submitter(), self.entries as u64);
        // SAFETY: there are so many entries, on a page of their own, and they live until the ring
        // is closed.
        unsafe { ring.register_buf_ring_with_flags(entries, COUNT, GROUP, 0) }
    }

    /// Lets the kernel take this one.
    fn provide(&mut self, id: u16) {
        let index = usize::from(self.tail % COUNT);
        // SAFETY: the entry is one of `COUNT`, and the kernel does not read it before the tail has
        // passed it. The tail lies in the first entry's reserved field, which no entry's address,
        // length or number overlaps. The buffer's memory is the kernel's from here on.
        unsafe {
            let entry = self.entries.add(index);
            (*entry).set_addr(self.memory.add(usize::from(id) * SIZE) as u64);
            (*entry).set_len(SIZE as u32);
            (*entry).set_bid(id);
            self.tail = self.tail.wrapping_add(1);
            let tail = BufRingEntry::tail(self.entries).cast_mut();
            AtomicU16::from_ptr(tail).store(self.tail, Ordering::Release);
        }
    }

    /// The kernel has written so many bytes to this one.
    pub(crate) fn took(&mut self, id: u16, len: usize) -> Incoming {
        self.taken[usize::from(id)] = true;
        Incoming {
            at: Place::Buffer(id, 0, len.min(SIZE)),
            ..Incoming::default()
        }
    }

    /// The same for a datagram that was received as `header` says.
    pub(crate) fn took_datagram(&mut self, id: u16, len: usize, header: &libc::msghdr) -> Incoming {
        let mut incoming = self.took(id, len);
        let whole = self.read(&incoming);
        let Ok(parts) = RecvMsgOut::parse(whole, header) else {
            return incoming;
        };
        let (payload, peer) = (
            parts.payload_data().len(),
            bytes::address(parts.name_data()),
        );
        let (local, stamp) = bytes::told(parts.control_data());
        incoming.at = Place::Buffer(id, whole.len() - payload, payload);
        (incoming.peer, incoming.local, incoming.stamp) = (peer, local, stamp);
        incoming
    }

    /// The bytes that were received.
    pub(crate) fn read<'a>(&'a self, incoming: &'a Incoming) -> &'a [u8] {
        match &incoming.at {
            Place::Nowhere => &[],
            Place::Own(bytes) => bytes,
            Place::Buffer(id, start, len) => {
                assert!(self.taken[usize::from(*id)], "the kernel has it");
                // SAFETY: the range lies within this buffer, which the kernel does not write to
                // until it is provided again, and that takes `&mut self`.
                unsafe {
                    let buffer = self.memory.add(usize::from(*id) * SIZE);
                    &slice::from_raw_parts(buffer, SIZE)[*start..*start + *len]
                }
            }
        }
    }

    /// Moves it to memory of its own.
    pub(crate) fn detach(&mut self, incoming: &mut Incoming) {
        let own = Place::Own(self.read(incoming).to_vec());
        let at = mem::replace(&mut incoming.at, own);
        self.give_back(Incoming {
            at,
            ..Incoming::default()
        });
    }

    /// Lets the kernel have the buffer again.
    #[expect(clippy::needless_pass_by_value, reason = "it is of no use afterwards")]
    pub(crate) fn give_back(&mut self, incoming: Incoming) {
        if let Place::Buffer(id, ..) = incoming.at
            && mem::take(&mut self.taken[usize::from(id)])
        {
            self.provide(id);
        }
    }

    /// Never frees them: the kernel may still write to them.
    pub(crate) fn leak(&mut self) {
        (self.entries, self.memory) = (std::ptr::null_mut(), std::ptr::null_mut());
    }
}

impl Drop for Buffers {
    fn drop(&mut self) {
        // SAFETY: each was allocated with this layout, and the ring is closed.
        unsafe {
            if !self.entries.is_null() {
                alloc::dealloc(self.entries.cast(), ENTRIES);
            }
            if !self.memory.is_null() {
                alloc::dealloc(self.memory, MEMORY);
            }
        }
    }
}
