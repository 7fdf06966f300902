### `socklab timeline`, in English.
###
### Times come as text, with their units where the message does not say them. Figures are those of Stevens, Fenner and Rudoff,
### UNIX Network Programming, vol. 1, 3rd ed., section 6.2.

help-timeline = Measures one small exchange (two clients, one of them slow) on each I/O model, and draws who waits where.
help-timeline-examples = socklab timeline echo ; socklab timeline submit --models blocking,mio ; socklab timeline welcome --format svg --output welcome.svg ; socklab timeline chat --format mermaid ; socklab timeline echo --format chrome --output echo.json
help-arg-timeline-exercise = The exercise
help-arg-timeline-models = Which models, with commas between them (one of each kind unless given)
help-arg-timeline-format = text for the terminal; mermaid: sequence diagrams in Markdown; svg: a picture; chrome: a trace that ui.perfetto.dev opens. Without it, what the extension of --output stands for (.md, .svg, .json), or text
help-arg-timeline-output = Write into FILE instead of standard output (a file that is there is replaced only if this option wrote it)
help-arg-timeline-ascii = Draw the lanes in plain ASCII
help-arg-timeline-slide = All models on one time axis, a line each: the first question of the client that is not slow, as each server has it

## Titles and notes

# $exercise (text) - its name
# $model (text) - the I/O model's name
# $length (text) - how long the exchange took, with its unit
timeline-title = { $exercise } on { $model }, { $length }
timeline-style-threads = Threads: each sleeps inside the very call that receives or accepts (blocking I/O, figure 6.1).
timeline-style-loop = Event loop: a thread sleeps in a poll for all its sockets at once (I/O multiplexing, figure 6.3), and its calls on sockets never block (figure 6.2).
timeline-style-executor = Tasks: a task that must wait is suspended and keeps no thread; the executor's reactor polls for all of them, out of sight (I/O multiplexing, figure 6.3).
timeline-style-spin = A spin: a thread asks every socket again and again, and never sleeps (nonblocking I/O, figure 6.2). Calls that found nothing are drawn as one.
timeline-style-signal = Signal-driven: a thread sleeps until the kernel's signal says that something came, and then receives until nothing is left (figure 6.4).
timeline-style-completion = Completions: the kernel was asked beforehand to receive and to send; the thread sleeps until some of it has been done, and what was received is in its memory when it is told (asynchronous I/O, figure 6.5).
# $from (text) - where it begins, in ms
# $to (text) - where it ends, in ms
# $column (text) - how much one letter stands for, with its unit
timeline-whole = the whole exchange, { $from } to { $to } ms, { $column } a letter
# $from (text) - where it begins, in ms
# $to (text) - where it ends, in ms
# $column (text) - how much one letter stands for, with its unit
timeline-closer = a closer look, { $from } to { $to } ms, { $column } a letter
# $from (text) - where it begins, in ms
# $to (text) - where it ends, in ms
timeline-panel-whole = the whole exchange, { $from } to { $to } ms
# $from (text) - where it begins, in ms
# $to (text) - where it ends, in ms
# $times (text) - how much larger it is drawn
timeline-panel-closer = a closer look, { $from } to { $to } ms, { $times } times as large
# $exercise (text) - its name
# $before (text) - how long before the question each line begins, with its unit
# $column (text) - how much one letter stands for, with its unit
timeline-slide = { $exercise }: one question on each model, as its server has it, on one time axis. Each line begins { $before } before the client asks; { $column } a letter. The number is the model's figure.
timeline-where = where the server spent the time:
# $class (text) - what it did
# $percent (text) - share of the whole
# $took (text) - how long in all, with its unit
timeline-share = { $percent } % { $class } ({ $took })
timeline-note-stamped = A receive that blocked is cut in two at the moment when the kernel had the datagram, by the kernel's own time stamp: before it the program waited, after it it was woken and the bytes were copied. All else is measured before and after each call.
timeline-note-unsplit = The kernel does not say here when it had the bytes, so a receive that blocked stays in one piece: it waited, and then copied. All is measured before and after each call; what waits in the kernel is counted from the return of the sender's call.
timeline-note-figures = Figures: Stevens, Fenner, Rudoff, UNIX Network Programming, vol. 1, 3rd ed., section 6.2.
timeline-column-number = no.
timeline-column-start = at ms
timeline-column-took = took ms
timeline-column-lane = lane
timeline-column-figure = figure and what it was

## Lanes

# $number (number) - which client
timeline-lane-client = client { $number }
# $number (number) - which client
timeline-lane-slow-client = client { $number } (slow)
timeline-lane-kernel = kernel
timeline-lane-main = main
# $number (number) - which thread
timeline-lane-thread = thread { $number }
timeline-lane-main-task = main task
# $number (number) - which connection's
timeline-lane-task = task { $number }

## What is drawn alike

timeline-class-copy = wakes up and moves bytes or a connection
timeline-class-code = its own code, between two calls
timeline-class-blocked = blocked in a call
# $call (text) - which
timeline-blocked-in = blocked in { $call }
timeline-call-poll = poll
timeline-call-signal = sigtimedwait
timeline-call-completion = io_uring_enter
timeline-call-thread = waiting for another thread
timeline-class-suspended = suspended
timeline-class-empty = asks and finds nothing
timeline-class-kernel = waits in the kernel
timeline-class-pause = a slow client's pause

## Operations

timeline-operation-open = open
timeline-operation-connect = connect
timeline-operation-accept = accept
timeline-operation-receive = receive
timeline-operation-send = send
timeline-operation-wait = wait
timeline-operation-wake = wake
timeline-operation-shutdown = shutdown
timeline-operation-close = close

## What a span was

# $operation (text) - its name
timeline-what-wait = { $operation }: sleeps in the call, waiting for data
# $operation (text) - its name
# $bytes (number) - how many
timeline-what-copy = { $operation }: woken, { $bytes } B copied from the kernel
# $operation (text) - its name
# $bytes (number) - how many
timeline-what-send = { $operation }: { $bytes } B copied to the kernel
# $operation (text) - its name
timeline-what-end = { $operation }: the stream has ended
# $operation (text) - its name
# $bytes (number) - how many
timeline-what-call = { $operation }: { $bytes } B, wait and copy in one piece
# $operation (text) - its name
timeline-what-accept = { $operation }: sleeps in the call until there is a connection
# $operation (text) - its name
timeline-what-connect = { $operation }: waits for the connection
# $operation (text) - its name
timeline-what-accepted = { $operation }: a connection that is there is taken
# $operation (text) - its name
# $bytes (number) - how many
timeline-what-taken = { $operation }: { $bytes } B are there and are copied
# $operation (text) - its name
timeline-what-done = { $operation }: done
# $operation (text) - its name
timeline-what-expired = { $operation }: waited until its time had passed
# $operation (text) - its name
timeline-what-empty = { $operation }: nothing there, returns at once
# $operation (text) - its name
# $times (number) - how often
timeline-what-spin = { $operation }: asks { $times } times and finds nothing
timeline-what-signal = sleeps until the kernel sends SIGIO
timeline-what-completion = sleeps until the kernel has done something that it was asked for
# $operation (text) - its name
# $bytes (number) - how many
timeline-what-completed = { $operation }: told that { $bytes } B are in the program's memory, copied before
# $operation (text) - its name
# $bytes (number) - how many
timeline-what-asked = { $operation }: the kernel is asked to send { $bytes } B
timeline-what-poll = poll: waits until any socket has something
timeline-what-suspended = suspended: the reactor's poll waits for it
timeline-what-thread = sleeps until another thread has something
timeline-until-line = , and it is the user's line
timeline-until-decision = , and it is the register's decision
# $operation (text) - its name
timeline-what-failed = { $operation }: failed
timeline-what-pause = does nothing, on purpose
timeline-what-backlog = a connection waits to be accepted
# $bytes (number) - how many
timeline-what-passed = { $bytes } B are taken before the sender's call returns
# $bytes (number) - how many
timeline-what-to-server = { $bytes } B wait in the server's socket
# $bytes (number) - how many
timeline-what-to-client = { $bytes } B wait in the client's socket
# $number (number) - which thread
timeline-on-thread = on thread { $number }
timeline-before = had begun before
timeline-after = goes on
