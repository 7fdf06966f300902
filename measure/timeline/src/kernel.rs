//! What waits in the kernel: connections in the backlog, and bytes in socket buffers.

use socklab_core::{Operation, OperationKind, Subject, Transport};

use crate::chart::SpanKind;
use crate::operations::{Draft, TracedOperation, TracedRecords, client_at};
use crate::record::Party;

/// All spans of the kernel's lane.
pub(crate) fn holds(transport: Transport, records: &TracedRecords<'_>) -> Vec<Draft> {
    let mut all = Vec::new();
    for (record, theirs) in records {
        let Party::Client { number, .. } = record.party else {
            continue;
        };
        let mut ours: Vec<&TracedOperation> = records
            .iter()
            .filter(|(record, _)| matches!(record.party, Party::Server(_)))
            .flat_map(|(_, traced)| traced)
            .filter(|traced| client_at(traced.peer, records) == Some(number))
            .collect();
        ours.sort_by_key(|traced| traced.operation.start);
        let theirs: Vec<&TracedOperation> = theirs.iter().collect();
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
            all.extend(backlog(number, &theirs, records));
        }
    }
    all
}

/// How long bytes were in a socket's buffer: from the kernel's timestamp, or else from the return
/// of the sender's call, to the return of the receiver's. If the receiver's call returns first, no
/// time was measured.
fn buffered(to_server: bool, sent: &TracedOperation, received: &TracedOperation) -> Draft {
    let end = received.operation.end;
    let arrival = received.operation.arrival;
    Draft::new(
        arrival.unwrap_or(sent.operation.end).min(end),
        end,
        SpanKind::Buffered {
            to_server,
            stamped: arrival.is_some(),
        },
    )
}

/// Pairs each datagram with the receive that took it. Between two programs on one computer
/// datagrams keep their order. If one was lost all the same, the lengths differ, and the rest is
/// not paired.
fn datagrams<'a>(
    from: &[&'a TracedOperation],
    to: &[&'a TracedOperation],
) -> Vec<(&'a TracedOperation, &'a TracedOperation, usize)> {
    let sent = from
        .iter()
        .filter_map(|traced| Some((traced, traced.moved(OperationKind::Send)?)));
    let received = to
        .iter()
        .filter_map(|traced| Some((traced, traced.moved(OperationKind::Receive)?)));
    sent.zip(received)
        .take_while(|((_, sent), (_, received))| sent == received)
        .map(|((sent, bytes), (received, _))| (*sent, *received, bytes))
        .collect()
}

/// Pairs each send on a stream with the receive that took its last byte.
fn stream<'a>(
    from: &[&'a TracedOperation],
    to: &[&'a TracedOperation],
) -> Vec<(&'a TracedOperation, &'a TracedOperation, usize)> {
    let ends = |all: &[&'a TracedOperation], kind| {
        let mut end = 0;
        let mut ends = Vec::new();
        for traced in all {
            if let Some(bytes) = traced.moved(kind).filter(|bytes| *bytes > 0) {
                end += bytes;
                ends.push((*traced, bytes, end));
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
fn backlog(number: u32, client: &[&TracedOperation], records: &TracedRecords<'_>) -> Option<Draft> {
    let connected = client
        .iter()
        .find(|traced| traced.moved(OperationKind::Connect).is_some())?;
    let end = accepted(number, records)?.operation.end;
    Some(Draft {
        client: Some(number),
        ..Draft::new(connected.operation.end.min(end), end, SpanKind::Backlog)
    })
}

/// For each client, the accept that took its connection.
pub(crate) fn accepts(records: &TracedRecords<'_>) -> Vec<(u32, Operation)> {
    let clients = records.iter().filter_map(|(record, _)| match record.party {
        Party::Client { number, .. } => Some(number),
        Party::Server(_) => None,
    });
    clients
        .filter_map(|number| Some((number, accepted(number, records)?.operation)))
        .collect()
}

/// The accept that took a client's connection.
fn accepted<'a>(client: u32, records: &'a TracedRecords<'_>) -> Option<&'a TracedOperation> {
    let mut accepts: Vec<&TracedOperation> = records
        .iter()
        .flat_map(|(_, traced)| traced)
        .filter(|traced| traced.moved(OperationKind::Accept).is_some())
        .collect();
    accepts.sort_by_key(|traced| traced.operation.end);
    let connections = records.iter().filter_map(|(record, _)| match record.party {
        Party::Server(Subject::Connection { number, peer, .. }) => Some((*record, number, peer)),
        _ => None,
    });
    let connections: Vec<_> = connections.collect();
    let (record, number, _) = connections
        .iter()
        .find(|(_, _, peer)| client_at(Some(*peer), records) == Some(client))?;
    let mut numbers: Vec<u64> = connections.iter().map(|(_, number, _)| *number).collect();
    numbers.sort_unstable();
    let one_counter = numbers.windows(2).all(|pair| pair[0] < pair[1]);
    if one_counter {
        // Connections are numbered in the order of acceptance.
        accepts.get(usize::try_from(number - 1).ok()?).copied()
    } else {
        // Each thread numbers its own connections, and serves them itself.
        let mut own = accepts.iter().filter(|traced| {
            traced.thread == record.thread && traced.operation.end <= record.began
        });
        own.next_back().copied()
    }
}
