//! What waits in the kernel: connections in the backlog, and bytes in socket buffers.

use socklab_core::{Operation, OperationKind, Subject, Transport};

use crate::chart::What;
use crate::operations::{Did, Draft, Noted, client_at};
use crate::record::Who;

/// All spans of the kernel's lane.
pub(crate) fn holds(transport: Transport, pages: &Noted<'_>) -> Vec<Draft> {
    let mut all = Vec::new();
    for (page, theirs) in pages {
        let Who::Client { number, .. } = page.who else {
            continue;
        };
        let mut ours: Vec<&Did> = pages
            .iter()
            .filter(|(page, _)| matches!(page.who, Who::Server(_)))
            .flat_map(|(_, did)| did)
            .filter(|did| client_at(did.peer, pages) == Some(number))
            .collect();
        ours.sort_by_key(|did| did.operation.start);
        let theirs: Vec<&Did> = theirs.iter().collect();
        for (to_server, from, to) in [(true, &theirs, &ours), (false, &ours, &theirs)] {
            let pairs = match transport {
                Transport::Datagram => datagrams(from, to),
                Transport::Stream => stream(from, to),
            };
            all.extend(pairs.into_iter().map(|(sent, received, bytes)| Draft {
                client: Some(number),
                bytes,
                ..buffered(to_server, sent, received)
            }));
        }
        if transport == Transport::Stream {
            all.extend(backlog(number, &theirs, pages));
        }
    }
    all
}

/// How long bytes were in a socket's buffer: from the kernel's stamp, or else from the return of
/// the sender's call, to the return of the receiver's. If the receiver's call returns first, no
/// time was measured.
fn buffered(to_server: bool, sent: &Did, received: &Did) -> Draft {
    let end = received.operation.end;
    let arrival = received.operation.arrival;
    Draft::new(
        arrival.unwrap_or(sent.operation.end).min(end),
        end,
        What::Buffered {
            to_server,
            stamped: arrival.is_some(),
        },
    )
}

/// Pairs each datagram with the receive that took it. Between two programs on one computer
/// datagrams keep their order. If one was lost all the same, the lengths differ, and the rest is
/// not paired.
fn datagrams<'a>(from: &[&'a Did], to: &[&'a Did]) -> Vec<(&'a Did, &'a Did, usize)> {
    let sent = from
        .iter()
        .filter_map(|did| Some((did, did.moved(OperationKind::Send)?)));
    let received = to
        .iter()
        .filter_map(|did| Some((did, did.moved(OperationKind::Receive)?)));
    sent.zip(received)
        .take_while(|((_, sent), (_, received))| sent == received)
        .map(|((sent, bytes), (received, _))| (*sent, *received, bytes))
        .collect()
}

/// Pairs each send on a stream with the receive that took its last byte.
fn stream<'a>(from: &[&'a Did], to: &[&'a Did]) -> Vec<(&'a Did, &'a Did, usize)> {
    let ends = |all: &[&'a Did], kind| {
        let mut end = 0;
        let mut ends = Vec::new();
        for did in all {
            if let Some(bytes) = did.moved(kind).filter(|bytes| *bytes > 0) {
                end += bytes;
                ends.push((*did, bytes, end));
            }
        }
        ends
    };
    let received = ends(to, OperationKind::Receive);
    let sent = ends(from, OperationKind::Send).into_iter();
    sent.filter_map(|(sent, bytes, last)| {
        let by = received.iter().find(|(_, _, end)| *end >= last)?;
        Some((sent, by.0, bytes))
    })
    .collect()
}

/// How long a connection was in the backlog: from the return of the client's connect to the return
/// of the accept.
fn backlog(number: u32, client: &[&Did], pages: &Noted<'_>) -> Option<Draft> {
    let connected = client
        .iter()
        .find(|did| did.moved(OperationKind::Connect).is_some())?;
    let end = accepted(number, pages)?.operation.end;
    Some(Draft {
        client: Some(number),
        ..Draft::new(connected.operation.end.min(end), end, What::Backlog)
    })
}

/// For each client, the accept that took its connection.
pub(crate) fn accepts(pages: &Noted<'_>) -> Vec<(u32, Operation)> {
    let clients = pages.iter().filter_map(|(page, _)| match page.who {
        Who::Client { number, .. } => Some(number),
        Who::Server(_) => None,
    });
    clients
        .filter_map(|number| Some((number, accepted(number, pages)?.operation)))
        .collect()
}

/// The accept that took a client's connection.
fn accepted<'a>(client: u32, pages: &'a Noted<'_>) -> Option<&'a Did> {
    let mut accepts: Vec<&Did> = pages
        .iter()
        .flat_map(|(_, did)| did)
        .filter(|did| did.moved(OperationKind::Accept).is_some())
        .collect();
    accepts.sort_by_key(|did| did.operation.end);
    let connections = pages.iter().filter_map(|(page, _)| match page.who {
        Who::Server(Subject::Connection { number, peer, .. }) => Some((*page, number, peer)),
        _ => None,
    });
    let connections: Vec<_> = connections.collect();
    let (page, number, _) = connections
        .iter()
        .find(|(_, _, peer)| client_at(Some(*peer), pages) == Some(client))?;
    let mut numbers: Vec<u64> = connections.iter().map(|(_, number, _)| *number).collect();
    numbers.sort_unstable();
    let one_counter = numbers.windows(2).all(|pair| pair[0] < pair[1]);
    if one_counter {
        // Connections are numbered in the order of acceptance.
        accepts.get(usize::try_from(number - 1).ok()?).copied()
    } else {
        // Each thread numbers its own connections, and serves them itself.
        let mut own = accepts
            .iter()
            .filter(|did| did.thread == page.thread && did.operation.end <= page.began);
        own.next_back().copied()
    }
}
