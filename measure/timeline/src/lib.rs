//! Measured swim-lanes of an exchange: which program waits where and for how long, and when bytes
//! are copied.
//!
//! A [`Recording`] hands out observers to a server's driver and to the clients that talk to it;
//! each records every operation with its thread. The record makes a [`Chart`]: a lane for each
//! thread or task of the server, one for each client, one for the kernel. A chart is shown as
//! [text](text()), [Mermaid](mermaid()), [SVG](svg()) or a [trace](chrome()) for Perfetto.
//!
//! Every boundary is measured: by the program's clock before and after a call, or by the kernel's
//! timestamp of a datagram. Two phases that neither can separate stay one span, and the span says
//! so.
//!
//! Waits and copies carry the numbers of the figures in W. R. Stevens, B. Fenner, A. M. Rudoff,
//! *UNIX Network Programming*, vol. 1, 3rd ed., section 6.2: 6.1 blocking I/O, 6.2 nonblocking I/O,
//! 6.3 I/O multiplexing, 6.4 signal-driven I/O, 6.5 asynchronous I/O.

#![forbid(unsafe_code)]

mod chart;
mod chrome;
mod exchange;
mod kernel;
mod labels;
mod mermaid;
mod operations;
mod record;
mod slide;
mod style;
mod svg;
mod text;

pub use chart::{Cause, Chart, Class, Lane, LaneOwner, Span, SpanKind};
pub use chrome::chrome;
pub use exchange::Exchange;
pub use mermaid::mermaid;
pub use record::{Event, InputKind, OperationRecorder, Party, Record, Recording, Thread};
pub use slide::slide;
pub use style::Style;
pub use svg::{svg, svg_of_all};
pub use text::{Glyphs, WIDTH, text};
