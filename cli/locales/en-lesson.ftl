### `socklab lesson`, in English.

## Help

help-lesson = A question about how network programs behave, your prediction, and a measurement that answers it.
help-lesson-examples = socklab lesson ; socklab lesson ports ; socklab lesson head-of-line --predict b ; socklab lesson c10k --quick
help-arg-lesson = Which lesson; without it, all are named
help-arg-lesson-list = Name the lessons and what each asks
help-arg-predict = Your prediction: a letter or a number, as the lesson asks (else it is asked for)
help-arg-lesson-quick = Spend less time: shorter measurements, fewer connections

## Every lesson

lesson-start = start one with its name, as in: socklab lesson head-of-line
# $answers (text) - what can be answered
prompt-prediction = Your prediction ({ $answers }; Enter for none):{ " " }
lesson-a-number = a number
# $given (text) - what was answered
# $answers (text) - what can be answered
lesson-no-answer = "{ $given }" is not an answer to this lesson: give { $answers }
# $what (text) - a model, or a load
lesson-progress = measuring: { $what }
# $lesson (text) - its name
# $detail (text) - what the system said
lesson-failed = the lesson { $lesson } could not be measured: { $detail }; close other programs, and try again
# $who (text) - the model, or the load
# $count (number) - how many questions
lesson-unanswered = { $who }: { $count ->
    [one] { $count } question
   *[other] { $count } questions
} had no right answer in time; each counts in the times above with the time that it was waited for.
# $answer (text) - the prediction
lesson-predicted = Predicted:  { $answer }
# $answer (text) - the result
lesson-measured = Measured:   { $answer }
lesson-none-made = none was made
lesson-none-of-these = none of these: see the table
lesson-not-measurable = this run does not show it
lesson-right = It is as you predicted.
# $times (number) - how many times too much or too little is allowed
lesson-near = It is about as you predicted: within a factor of { $times }.
lesson-wrong = It is not as you predicted.
# $times (text) - how many times too much or too little
lesson-wrong-by = It is not as you predicted: off by a factor of { $times }.
lesson-otherwise = This run measured something else than what is explained below. A busy computer or another operating system may be the reason: run it again, and believe the table.
lesson-heading-why = Why
lesson-heading-next = Try next
# $models (text) - their names
lesson-lacks = This system does not have { $models }, so the table has no row for it.
lesson-model = model
lesson-yes = yes
lesson-no = no

## start-order

lesson-start-order = what happens to a client that starts before its server?
lesson-start-order-setup = Four clients start while nobody listens at their server's port. A moment later the server starts at that port, and we look whether anything of the first client still reaches it. Then a second client of each kind starts, with the server there.
lesson-start-order-question = Take the TCP client and the plain UDP one, which only sends a message and leaves. Which of them does any call of its own tell that nobody was there?
lesson-start-order-neither = neither
lesson-start-order-tcp = only the TCP client
lesson-start-order-udp = only the UDP client
lesson-start-order-both = both
lesson-client = client
lesson-client-welcome = welcome: TCP connect
lesson-client-plain = plain UDP: sendto, close
lesson-client-message = message: UDP connect, send
lesson-client-echo = echo: UDP, waits for a reply
lesson-told = it was told
lesson-told-nothing = nothing
lesson-told-refused = refused
lesson-told-later = refused, after it had sent
lesson-told-no-reply = no reply in its time
lesson-told-else = another failure
lesson-kept = kept for later
lesson-heard = the second heard
lesson-start-order-columns = "ms" is how long the first client took. "Kept for later": whether the server that started after it got anything of it.
lesson-start-order-why = To open a TCP connection somebody has to answer: to a SYN for a port where nobody listens the system answers with a reset at once, and connect fails. UDP has nothing to open: sendto hands the datagram over and is done. The system at the other end finds no socket, drops the datagram, and sends back an ICMP "port unreachable"; but that comes later, and is passed on only to a socket that is connected, by its next call. So the plain client never learns of it, socklab's message client, whose socket is connected, asks once before it leaves, and the echo client learns of it because it waits. Nobody keeps the datagram for a server to come: the server has to be there first to hear it. Across a network the ICMP message is often filtered; then even the client that waits only sees its time run out.
lesson-start-order-source = Sources: RFC 9293 (TCP), 3.10.7.1; RFC 1122, 4.1.3.3 (ICMP and UDP); Stevens, Fenner and Rudoff, UNIX Network Programming, volume 1, 8.9 "Server Not Running" and 8.11 "connect Function with UDP".

## stream

lesson-stream = how many recv does one send take?
# $times (number) - how often each row is measured
# $segment (number) - how many bytes a segment has at most
lesson-stream-setup = A program connects by TCP, calls send once or ten times with 1 to 100,000 bytes, and another program receives them all. Both are on this computer, with segments of { $segment } bytes as on an Ethernet where the system lets it be said. We count its calls to recv. It asks for up to 262144 bytes at a time, more than all sends together, and in one row for 1024, as many programs do; it reads at once, or later, when everything has been sent. Each row is measured { $times } times, over a new connection each time.
lesson-stream-question = Does every send arrive as one recv?
lesson-stream-neither = yes: one send is one recv
lesson-stream-split = no: one send may take several recv; but two sends never come in one
lesson-stream-merged = no: several sends may come in one recv; but one send never takes two
lesson-stream-both = no: both happen
lesson-stream-sends = send calls
lesson-stream-bytes = bytes each
lesson-stream-room = recv of
lesson-stream-reads = reads
lesson-stream-at-once = at once
lesson-stream-later = later
lesson-stream-least = recv: least
lesson-stream-median = median
lesson-stream-most = most
lesson-stream-rule = A send is split where a row has more recv than sends, and sends are merged where it has fewer, at least once. "Recv of" is how many bytes the receiver asks for.
lesson-stream-why = TCP carries a stream: it keeps the bytes and their order, and nothing of the calls that wrote them. send copies its bytes into the sender's socket buffer and returns; TCP cuts that buffer into segments as the path, the receiver's window and Nagle's algorithm let it, and recv returns whatever has arrived, up to the size of its buffer. So a long send arrives in pieces when the reader is as quick as the network, and short sends come together when it is not. A test on one computer with short messages often sees one recv for each send, which is why programs that count on it pass at home and fail in the lab. Where a message ends has to be in the bytes: a line feed (capitals), a length before it, or the end of the connection (welcome). UDP is otherwise: one sendto is one datagram is one recvfrom.
lesson-stream-source = Sources: RFC 9293 (TCP), 2.2 and 3.7.4 (Nagle); Stevens, Fenner and Rudoff, UNIX Network Programming, volume 1, 2.11 "Buffer Sizes and Limitations" and 3.9 "readn, writen, and readline Functions".

## ports

lesson-ports = why does each connection come from a new port?
# $times (number) - how often
lesson-ports-setup = The lab's welcome client connects to one server { $times } times, one after the other. For each connection the server says from which port it comes. The same is done with clients that close before their server does, and with datagrams from a single UDP socket.
lesson-ports-question = How many different client ports does the welcome server see?
lesson-ports-who = what was done
lesson-ports-seen = the server saw ports
lesson-ports-different = different
lesson-ports-at-server = waits at server
lesson-ports-at-client = waits at client
lesson-ports-server-ends = welcome: server closes first
lesson-ports-client-ends = TCP: client closes first
lesson-ports-one-socket = UDP: one socket sends
# $seconds (text) - how long they will wait yet
lesson-ports-columns = "Waits": how many of the connections are in TIME_WAIT after both ends have closed, at the server's port or at the client's, as /proc/net/tcp lists them. It says that they will stay for another { $seconds } s.
lesson-ports-no-list = This system has no /proc/net/tcp, so where connections wait in TIME_WAIT was not measured.
# $from (text) - the first port
# $to (text) - the last port
lesson-ports-range = This system takes the ports of clients that ask for none from { $from } to { $to }.
lesson-ports-granted = granted
# $plain (text) - what the system answered
# $reusing (text) - what it answered with the option
# $client (text) - what it answered about a client's port
lesson-ports-taken = Then the ports were asked for again. The server's, after it had stopped: { $plain }; the same with SO_REUSEADDR: { $reusing }. The port of a client that had closed first: { $client }.
lesson-ports-why = A connection is known by its two ends: address and port of each. The server's end is the same for all, and so is the client's address; only the client's port can tell them apart. So connect, in a socket that was bound to none, takes a free port for this connection. It belongs to the socket and not to the program: a UDP socket gets one with its first datagram and keeps it, however often it sends. When a TCP connection ends, the end that closed first keeps it in TIME_WAIT for twice the longest life of a segment, so that a late segment is not taken for one of a new connection with the same ends, and a lost last acknowledgement can be repeated. That is why a port may still be taken after its program has gone, and why servers set SO_REUSEADDR before they bind.
lesson-ports-source = Sources: RFC 9293 (TCP), 3.3.2 and 3.6; RFC 6056 (how client ports are chosen); RFC 6335, 6 (which are meant for it); Stevens, Fenner and Rudoff, UNIX Network Programming, volume 1, 2.7 "TIME_WAIT State", 2.9 "Port Numbers" and 7.5 on SO_REUSEADDR.

## spin

lesson-spin = what does a server use that has nothing to do?
# $seconds (number) - how long they are left alone
lesson-spin-setup = Three echo servers wait for a datagram that does not come, for { $seconds } s: one asks its socket again and again with a call that does not block (nonblocking), one sleeps in select, one in mio's poll (epoll on Linux). We look at the CPU time that each uses meanwhile, and at how many calls it makes. Then one client asks each of them questions, one after the other.
lesson-spin-question = Which of the servers use the CPU while they have nothing to do?
lesson-spin-none = none: there is nothing to do
lesson-spin-one = only nonblocking
lesson-spin-two = nonblocking and select
lesson-spin-all = all three: each has to look whether something has come
lesson-spin-cpu = idle: CPU %
lesson-spin-calls = idle: calls
lesson-spin-rule = A server uses the CPU if it took at least 10 % of a core's time. "Calls" are those that the program made in that time; the last few of them answer the question that asked for the figures. The reply times are those of one client with one question at a time.
lesson-spin-why = A call that does not block returns at once and says that nothing has come, so a program that wants to know has to ask again: it uses a whole core, whether there is something to do or not, and its share is lower only where others took the core away. select and epoll are calls that sleep: the kernel takes the thread off the core and puts it back when something has come, so an idle server uses none. What a spin buys is the time to wake up: nobody has to put the thread back on a core, which is most of what a single client waits for on one computer. That is why trading systems and packet processors spin, on cores that they have for nothing else, and why a laptop's server should not.
lesson-spin-source = Source: Stevens, Fenner and Rudoff, UNIX Network Programming, volume 1, 6.2 "I/O Models" (figure 6.2: polling "is often a waste of CPU time") and chapter 16 "Nonblocking I/O".

## select

lesson-select = what does a wait cost that watches silent sockets?
# $first (number) - how many connections are idle at first
# $last (number) - how many are idle at last
lesson-select-setup = A capitals server with one thread waits for all its connections in one call: in select, in poll, or in mio's poll (epoll on Linux). { $first } to { $last } clients connect and say nothing; one more talks, a line at a time. We look at the CPU time that the server takes for each wait, with the line that it receives and answers after it.
# $first (number) - how many connections are idle at first
# $last (number) - how many are idle at last
lesson-select-question = How many times as much CPU time does a wait take in select with { $last } idle connections as with { $first }?
lesson-select-here = CPU µs here
lesson-select-times = times
lesson-select-columns = "CPU µs here" is the server's CPU time for each wait, with what it does before the next one; "times" is that of the row as a multiple of its model's first row. Kerrisk measured 100,000 waits on Linux 2.6.25, with one ready descriptor among so many each time; his seconds are divided by 100,000.
lesson-select-why = select and poll keep nothing between two calls. Each time the program hands over all that it watches, the kernel asks every one of these sockets whether it has something, enters the thread into the queue of each before it sleeps and takes it out of all when it wakes, and the program looks through the answer for the one that is ready. So the cost grows with the sockets that are idle. epoll keeps the list in the kernel: epoll_ctl enters a socket once, a socket that becomes ready is put on a list of its own, and that list is all that epoll_wait looks at. So its cost grows with the sockets that are ready. A wait is only part of what a reply costs, so the ratio here is lower than in a program that does nothing else. And select has room for descriptor numbers below 1,024 only, which is where this lesson ends.
lesson-select-source = Sources: Michael Kerrisk, The Linux Programming Interface, 63.4.5 "Performance of epoll Versus I/O Multiplexing", table 63-9; Banga, Mogul and Druschel, "A Scalable and Explicit Event Delivery Mechanism for UNIX" (USENIX 1999); Stevens, Fenner and Rudoff, UNIX Network Programming, volume 1, 6.3 "select Function".

## head-of-line

lesson-head-of-line = whom does one slow client hold up?
# $seconds (number) - how long the slow client takes
# $rate (number) - how many others a second
lesson-head-of-line-setup = A submit server waits for the bytes of whoever is connected. One client sends its submission a byte at a time and takes { $seconds } s for it; from then on others submit whole messages, { $rate } a second, whether those before them have been answered or not. This is done to three servers: an iterative one, which serves one client after the other (blocking-iterative), one with a thread for each connection (blocking), and an event loop with one thread (mio).
lesson-head-of-line-question = In which of the servers do the others wait for the slow client?
lesson-head-of-line-none = in none of them
lesson-head-of-line-iterative = only in the iterative one
lesson-head-of-line-one-thread = in both with a single thread: the iterative one and the loop
lesson-head-of-line-all = in all three
lesson-slow-client = slow one ms
lesson-others = others served
lesson-head-of-line-rule = The times are from when a submission was due to its answer, for the others. They count as held up where their p99 is at least half of the time that the slow client meant to take.
lesson-head-of-line-why = The iterative server is blocked in recv for the slow client, so whoever comes meanwhile waits in the backlog: the system has made the connection for it, but the program has not accepted it. With a thread for each connection one thread is blocked just as long, but nobody else needs it. The loop has only one thread too, and yet nobody waits: it never blocks for one client, but in one poll for all of them, and reads what has come. What holds others up is where a program blocks, not how many threads it has. A loop is held up as well if it computes for long, or calls something that blocks.
lesson-head-of-line-source = Source: Stevens, Fenner and Rudoff, UNIX Network Programming, volume 1, chapter 30 "Client/Server Design Alternatives" (the iterative server and its successors) and 6.2 "I/O Models".

## slow-request

lesson-slow-request = whom does work hold up that blocks the server's thread?
# $milliseconds (number) - how long the work takes
# $rate (number) - how many others a second
lesson-slow-request-setup = Some requests to a capitals server take { $milliseconds } ms: the thread that serves them sleeps for so long, as it would in a query to a database. One client sends such requests, one after the other. Others visit meanwhile, { $rate } a second, whether those before them have been answered or not. This is done to a server with a thread for each connection (blocking), to one with a task for each (tokio), and to event loops with one thread: mio, and uring with its completions. Each server has one core, if the system can pin it to one.
lesson-slow-request-question = In which of the servers do the others wait for the slow request?
lesson-slow-request-none = in none of them: it is one connection's own work
lesson-slow-request-loops = only in the event loops: mio and uring
lesson-slow-request-tasks = in the event loops and in tokio
lesson-slow-request-all = in all of them: they have one core
lesson-slow-request-slow = slow one ms
lesson-slow-request-rule = "Slow one" is how long a slow request took, the median. The other times are from when a visit of the others was due to its answer. They count as waiting where their p50 is at least a quarter of the slow work.
lesson-slow-request-why = A thread that sleeps in one request does nothing else. With a thread for each connection the kernel has others to run, even on a single core, because sleeping uses none of it. In an event loop all connections share the one thread, so all of them wait; that the loop itself never blocks does not help, because it is the work that blocks. Completions change nothing in that: the receive may be done, but the thread that should hear of it sleeps. Tasks look like threads and are not: await gives the thread back, and a call that blocks keeps it, with every task that would have run there. With more workers the others go on, until each of them has such a call. So a loop or a task hands such work to threads that are kept for it (tokio's spawn_blocking, a pool), or uses a client of the database that awaits. In the lesson head-of-line it was the client that was slow, and no loop waited for it.
lesson-slow-request-source = Sources: Pai, Druschel and Zwaenepoel, "Flash: An Efficient and Portable Web Server" (USENIX 1999), which gave such work to helpers; the documentation of tokio, "CPU-bound tasks and blocking code", and of Node.js, "Don't Block the Event Loop (or the Worker Pool)".

## c10k

lesson-c10k = what do connections cost that are there and say nothing?
# $count (number) - how many connections at most
lesson-c10k-setup = Clients connect to a submit server and say nothing: up to { $count } of them, in steps. At each step we look at the server's memory and threads, and at how long one more client waits for the answer to its submission. This is done to a server with a thread for each connection (blocking), to servers with a task for each (async-std, tokio), and to one event loop (mio).
lesson-c10k-question = How many times as much of the server's memory does an idle connection take with a thread for each (blocking) as in the event loop (mio)?
# $model (text) - the I/O model
# $count (number) - how many connections
lesson-c10k-step = { $model }, { $count } idle
lesson-idle = idle
lesson-threads = threads
lesson-memory = memory KiB
lesson-each = KiB each
# $rate (number) - how often one more client submits, a second
lesson-c10k-columns = "Memory" is the resident memory of the server's process; what the kernel keeps for sockets and threads is not in it. "KiB each" is its growth since the first step, for each connection since then. p50 and p99 are of one more client, which submits { $rate } times a second.
lesson-c10k-too-few = With so few connections the memory of the one loop does not grow by a page: without --quick there are more.
lesson-c10k-why = A connection that waits needs a place where its state is kept. A blocked thread keeps it on a stack of its own, of which at least some pages are in memory, and the kernel keeps a stack and an entry of its scheduler for each thread besides. A task keeps only what it needs between two awaits, and the loop only the machine of the connection and its place in a table. A thread or a task that waits takes no CPU time, so one more client need not notice: the system's poll (epoll on Linux, kqueue on macOS) tells of those sockets only where something has happened. Where a program uses select or the old poll instead, which look at all sockets each time, or runs out of memory, threads or descriptors, it does notice.
lesson-c10k-source = Source: Dan Kegel, "The C10K problem", http://www.kegel.com/c10k.html (from 1999).

## coordinated-omission

lesson-coordinated-omission = which measurement notices that the server stood still?
# $stall (number) - for how long it stands still
# $seconds (number) - how long is measured
# $rate (number) - how many questions a second
lesson-coordinated-omission-setup = A welcome server is measured for { $seconds } s, in which its process is stopped once, for { $stall } s. First in a closed loop: one client connects, waits for the answer, and connects again. Then in an open loop: { $rate } questions a second are due at fixed times, whatever the server does, asked through one connection after another; its response time counts from when a question was due, its service time from when it was sent.
lesson-coordinated-omission-question = In a quarter of that time users would have had to wait. Which measurement's 99th percentile shows it: the closed loop's, or the open loop's response time?
lesson-coordinated-omission-neither = neither
lesson-coordinated-omission-closed = only the closed loop's
lesson-coordinated-omission-open = only the open loop's response time
lesson-coordinated-omission-both = both
lesson-load = load
lesson-closed-loop = closed loop
lesson-open-loop = open loop
lesson-time = time
lesson-service = service
lesson-response = response
lesson-times = answers
lesson-slower = % slow
lesson-coordinated-omission-rule = "Slow" is an answer that took more than half of the time that the server stood still. A p99 shows the stall if it is at least that.
lesson-no-stall = This system has no signal that stops a process (SIGSTOP), so the lesson cannot be measured here.
lesson-coordinated-omission-why = The closed loop's client does not ask again before it is answered. While the server stood still it waited with a single question, and the many that it would have asked in that time it never asked. So the stall is one slow answer among all the fast ones, and hardly any percentile but the last shows it. This is coordinated omission: the server itself decides when it is measured, and leaves out its worst time. Real users do not wait for each other. In the open loop the questions went on to be due, and each counts from then. Its service time, of the very same questions, hides the stall again: through one connection they were sent only when their turn came. Before believing a percentile, ask from when its times count.
lesson-coordinated-omission-source = Source: Gil Tene, "How NOT to Measure Latency" (talk, 2013 and later), and the load generator wrk2, which grew out of it.

## level-edge

lesson-level-edge = half of what came was read: which waits tell of the rest?
# $bytes (number) - how many bytes
lesson-level-edge-setup = { $bytes } bytes come on a TCP connection. A program waits until its socket is readable, reads half of them, and waits again, with select, poll, epoll, and epoll with EPOLLET (edge-triggered, as mio, tokio and nginx use it). Then one byte more comes.
lesson-level-edge-question = Half is unread, and nothing new comes: which waits return and say that the socket is readable?
lesson-level-edge-none = none: it has been said once
lesson-level-edge-level = only the level-triggered ones: select, poll, and epoll without EPOLLET
lesson-level-edge-edge = only the edge-triggered one: epoll with EPOLLET
lesson-level-edge-both = all of them: there is something to read
lesson-level-edge-wait = wait
lesson-level-edge-kind = triggered by
lesson-level-edge-of-level = level
lesson-level-edge-of-edge = edge
lesson-level-edge-first = told of them
lesson-level-edge-rest = of the half left
lesson-level-edge-more = of one more
lesson-level-edge-unread = then unread
lesson-level-edge-rule = "no": the wait returned after its limit, without an event. "Then unread": bytes that lie in the socket at the end.
lesson-level-edge-not-here = This system has no epoll, so the lesson cannot be measured here.
lesson-level-edge-why = A level-triggered wait asks a question about now: is there something to read? It says so as often as it is asked, so a program may read as little as it likes; but it must not ask about what it does not want yet, or it never sleeps. An edge-triggered wait reports a change: bytes came since it last said so. What was there before is not reported again, so a program has to read until the call returns EWOULDBLOCK, or remember that it has not. A server that reads one line of two that came together, and then waits, answers the second only when the client sends something more: a client that waits for that answer waits for ever. In return an edge costs less: the program need not change what it watches a socket for. Here epoll-level is the one kind and mio the other, and the same exercises run on both.
lesson-level-edge-source = Sources: epoll(7), "Level-triggered and edge-triggered", with this very example; Kerrisk, The Linux Programming Interface, 63.1.1; Banga, Mogul and Druschel, "A Scalable and Explicit Event Delivery Mechanism for UNIX", USENIX 1999.

## fork

lesson-fork = what does a process for each connection cost?
# $clients (number) - how many at the same time
# $count (number) - how many connections in all
lesson-fork-setup = The welcome server in the designs of Stevens's chapter 30, on one core if the system can pin them to one: one connection after the other; a thread for each; a fixed number of threads; a process for each connection, started with the connection as its standard input; a fixed number of processes that inherited the listener. { $clients } clients connect at the same time, { $count } times in all. We add up the CPU time of the server and of all its children.
lesson-fork-question = How many times the CPU time of a thread for each connection does a process for each connection take?
lesson-fork-design = design
lesson-fork-cpu = CPU µs each
lesson-fork-control = less iterative
lesson-fork-book = UNP s
lesson-fork-exec = a program's start
lesson-fork-columns = "Less iterative": what the design adds to a server that needs no process control. "UNP s": the same in the book, in seconds for 2,500 connections, of programs that fork without exec. "A program's start": a process that is started in the same way and ends at once.
lesson-fork-not-here = The designs with processes are for Linux, so the lesson cannot be measured here.
lesson-fork-why = fork copies the tables that say which memory a process has, and each page that either writes afterwards; exec then throws them away and loads a program: its file is mapped, its libraries are linked, its start-up code runs. Here that is nearly all of what a process for each connection costs, as the last row shows. A thread shares the memory of its process, so it needs a stack and an entry in the scheduler and little else. Whoever starts processes or threads beforehand pays nothing for a connection but to have it handed out: in the book that takes a tenth of a fork for each client, or less. What a process buys is that connections share nothing: one that crashes, leaks or is broken into is alone, and may have fewer rights than the server. OpenSSH and PostgreSQL start a process for each connection for that reason, and their connections live long.
lesson-fork-source = Sources: Stevens, Fenner and Rudoff, UNIX Network Programming, volume 1, 3rd edition, chapter 30, with figure 30.1 and 30.13; fork(2), execve(2).

## batching

lesson-batching = how many system calls does a reply cost?
# $count (number) - how many datagrams
lesson-batching-setup = An echo server receives datagrams of 32 bytes and answers each. First they come one at a time, each after the reply to the one before; then { $count } at once from the same client, which sends them with one call. The server is blocking, which receives and sends one datagram with each call, then blocking-batched and mio-batched, which have Linux put together what came (GRO) and take apart what is sent (GSO).
lesson-batching-question = How many system calls on its socket does blocking-batched make for each reply when the datagrams come together? (blocking makes 2: one receives, one sends.)
lesson-batching-come = at once
lesson-batching-replies = replies
lesson-batching-receives = receives
lesson-batching-sends = sends
lesson-batching-each = calls each
lesson-batching-cpu = CPU µs each
lesson-batching-rule = "Calls each": receives and sends for a reply, those that found nothing too; a wait for readiness is not in it.
lesson-batching-not-here = This system has neither GRO nor GSO, so every server makes plain calls here.
lesson-batching-why = A system call is a walk: into the kernel, through the socket, UDP, IP, the device's queue and back up on the other side. For a small datagram the walk costs many times what copying its bytes does, and it is the same walk for every datagram of the same pair. With GSO the program hands over several datagrams as one buffer and says how long each is; the kernel walks once, and the buffer is cut at the end, by the network card if it can. With GRO the receiving side puts them together again, and one recvmsg takes all. recvmmsg and sendmmsg save only the entry into the kernel: the walk is made for each datagram all the same, so they gain little. Batching helps whoever sends many datagrams to one peer: QUIC lives on it. It does nothing for a peer that sends one question and waits, as the rows with one at a time show.
lesson-batching-source = Sources: udp(7), UDP_SEGMENT and UDP_GRO; de Bruijn and Dumazet, "Optimizing UDP for content delivery: GSO, pacing and zerocopy", Linux Plumbers Conference 2018; RFC 9000 (QUIC).
