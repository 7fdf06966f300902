### `socklab compare`, in English.

## The server that is measured

help-measured-server = A server in a process of its own, for this command to measure.
help-measured-server-examples = socklab measured-server {"{"}"exercise":"echo","runtime":"mio"{"}"}
help-arg-order = What to serve and how, in JSON

## Numbers and names

# The mark before the decimals, and the one between thousands.
compare-thousands = { "," }
# $name (text) - a name that somebody else chose
compare-name = { $name }

## Loads, metrics, columns

# $connections (number) - how many clients there are at once
compare-load-closed = { $connections ->
    [one] { $connections } connection
   *[other] { $connections } connections
}
# $connections (number) - how many clients take turns
# $rate (text) - how many questions they ask each second
compare-load-open = { $connections ->
    [one] { $connections } connection at { $rate }/s
   *[other] { $connections } connections at { $rate }/s
}
compare-metric-rate = replies/s
compare-metric-p50 = p50
compare-metric-p99 = p99
compare-metric-cpu = CPU/reply
compare-column-model = model
compare-column-relative = relative
compare-column-relative-p99 = relative p99
compare-column-cpu = CPU/reply user + system
compare-column-switches = switches/reply
compare-column-memory = memory
# $exercise (text) - the exercise
# $load (text) - the load
compare-table-title = { $exercise }, { $load }
# $baseline (text) - the model that the others are compared with
compare-legend = relative: the middle of the ratios to { $baseline } within the rounds (not the quotient of two medians), ± a 95 % interval; ≈ no difference that would stand among so many comparisons, ? too few rounds to say. Times are response times, switches are context switches, memory is the peak.

## What is not believed

compare-invalid = INVALID
compare-invalid-generator-saturated = the load generator could do no more while the server waited for work
compare-invalid-late-schedule = the load generator sent its questions late
compare-invalid-out-of-ports = the load generator ran out of ports
compare-invalid-wrong-replies = some replies were wrong
compare-invalid-too-few-samples = there were too few replies for it
compare-invalid-not-steady = the rate did not become steady in time
compare-invalid-server-gone = the server ended, or did not say what it used
# $reason (text) - why a round does not count
# $rounds (number) - how many rounds that is so of
compare-note-reason = { $reason } ({ $rounds ->
    [one] { $rounds } round
   *[other] { $rounds } rounds
})
# $valid (number) - how many rounds count
# $trials (number) - how many there were
# $reasons (text) - why the others do not
compare-note-rounds = { $valid } of { $trials } rounds count: { $reasons }
# $reason (text) - why a percentile is not shown
compare-note-left-out = not shown: { $reason }

## What makes the figures less than they could be

compare-caution-shared-core = the server and the load generator shared a core
compare-caution-virtual-machine = this is a virtual machine, whose neighbours cannot be seen
compare-caution-governor = the clock of the CPU was not fixed
compare-caution-unpinned = the programs were not pinned to cores
compare-caution-debug-build = this is a debug build
compare-caution-register-in-memory = the register was in memory, where a sync costs nothing
compare-caution-load-elsewhere = other programs were running

## The reading

# $exercise (text) - the exercise
# $models (text) - the models
# $rounds (number) - how often each was measured
compare-reading-what = { $exercise } on { $models }: { $rounds ->
    [one] { $rounds } round
   *[other] { $rounds } rounds
} under each load, in shuffled order, every reply checked.
# $models (text) - the models
compare-reading-refused = Refused, for not doing what the exercise asks: { $models }.
# $load (text) - the load
# $model (text) - the model
# $rate (text) - its replies a second
compare-reading-alone = With { $load }, { $model } gives { $rate } replies/s.
# $time (text) - its 99th percentile
compare-reading-alone-p99 = With { $load }, { $model } answers 99 % of the questions within { $time }.
# $load (text) - the load
# $models (text) - those that do best, $count of them: the best and those that cannot be told apart from it
# $figure (text) - the best figure
# $others (text) - those that are worse, each with how many times that its figure is
compare-reading-differ-rate = With { $load }, { $models } { $count ->
    [one] does
   *[other] do
} most, { $figure }; { $others }.
compare-reading-differ-p99 = With { $load }, { $models } { $count ->
    [one] has
   *[other] have
} the shortest tail, 99 % within { $figure }; { $others }.
compare-reading-differ-cpu = With { $load }, a reply costs { $models } least, { $figure } of CPU; { $others }.
# $model (text) - one that is worse
# $ratio, $low, $high (text) - its figure, as a multiple of the best, and its 95 % interval
compare-reading-times = { $model } { $ratio } times that ({ $low } to { $high })
# $most, $high (text) - the one that keeps most, in bytes; $least, $low (text) - the one that keeps least
compare-reading-idle = An idle connection keeps { $high } bytes in { $most } and { $low } in { $least }.
# $rates (text) - each model with its rate
compare-reading-knees = The highest rate kept up, in questions/s: { $rates }.
# $models (text) - each model, and why
compare-reading-knees-unknown = Whether higher rates are kept up is not known: { $models }.
# $rounds (number) - how many
compare-reading-too-few = Too few rounds to name any difference: { $rounds }.
# $places (text) - metrics with their loads
compare-reading-equal = No detectable difference, which is no proof that there is none: { $places }.
# $places (text) - models with their loads
compare-reading-two-speeds = { $model } has two speeds with { $load }: { $slow } replies/s in { $part } of the slices, { $fast } in { $rest }; a figure between them is neither.
compare-reading-bounds = The load generator was the limit of { $places }: these rates are the least that they can do (≥), and these times the most (≤); compare their CPU time.
# $percent (text) - half of the prediction interval of the middle one of the ratios
compare-reading-rule = A difference is named if it is sure among all of these comparisons together, and a second run would find it too, with 95 %: under about { $percent } none was to be seen.
# $count (text) - how many questions
# $share (text) - which part of all
# $places (text) - models with their loads
compare-reading-lost = { $count } questions ({ $share }) were not answered: { $places }; each counts with its whole time-out.
# $places (text) - models with their loads
# $reason (text) - why
compare-reading-invalid = Not to be believed: { $places }, for { $reason }.
compare-reading-limits = All this holds for this machine, this exercise and these loads, on a network that never leaves the machine; the ratios may be others elsewhere, and the absolute figures will be.
compare-reading-limits-network = All this holds for these machines, the network between them, this exercise and these loads; elsewhere the ratios may be others, and the absolute figures will be.
compare-reading-closed = Where each connection waits for its answer before it asks again, a slow server is asked less: those response times are no promise to clients who come when they like.
# $cautions (text) - what makes the figures less than they could be
compare-reading-cautions = Beware: { $cautions }.

## compare diff

# $facts (text) - what differs, with both values
compare-diff-environment = the machines differ, so absolute figures may have changed for that alone: { $facts }
# $models (text) - the models
compare-diff-only-old = only in the old one: { $models }
# $models (text) - the models
compare-diff-only-new = only in the new one: { $models }
# $places (text) - models with their loads
compare-diff-unbelieved = not compared, for one of the two is not to be believed: { $places }
# $places (text) - models with their loads
compare-diff-bounds = not compared but for CPU time, for the load generator was the limit in one of the two: { $places }
# $figures (number) - how many
compare-diff-too-few = { $figures ->
    [one] { $figures } figure has
   *[other] { $figures } figures have
} too few rounds to be compared
compare-diff-nothing-compared = no figure could be compared
# $compared (number) - how many
compare-diff-none = nothing changed beyond what two runs of the same programs differ by ({ $compared ->
    [one] { $compared } figure
   *[other] { $compared } figures
} compared)
# $changed (number) - how many changed
# $compared (number) - how many were compared
compare-diff-some = { $changed } of { $compared ->
    [one] { $compared } figure
   *[other] { $compared } figures
} changed beyond what two runs of the same programs differ by:
# $metric (text) - what is compared
# $baseline (text) - with which model
compare-diff-ratio = { $metric } against { $baseline }
compare-diff-column-figure = figure
compare-diff-column-old = old
compare-diff-column-new = new
compare-diff-column-change = change
compare-diff-column-expected = expected
# $old (text) - the old one's exercise
# $new (text) - the new one's
compare-diff-exercise = these cannot be compared: the old one measured { $old }, the new one { $new }
# $old (text) - the old one's loads
# $new (text) - the new one's
compare-diff-loads = these cannot be compared: their loads differ (old: { $old }; new: { $new })
compare-diff-models = these cannot be compared: they have no model in common

## While it runs

# $models (text) - their names; $loads, $rounds (number); $time (text) - about how long
compare-begin = { $exercise }: { $models } · loads: { $loads } · rounds: { $rounds } · about { $time }
compare-progress = { $percent } % · { $model } · { $load } · { $time } left
compare-doing-proof = its transcript, against the machines alone
compare-doing-idle = idle connections
compare-doing-knee = the highest rate that it keeps up
# $expected, $got (text) - a line of the reference and of the model's transcript
compare-refused = { $model } is not measured, for it does not do the exercise: where the reference has "{ $expected }", it has "{ $got }"
compare-wrong-reply = { $model } answered wrongly: "{ $got }" where "{ $expected }" was due
compare-failed = { $model } could not be measured: { $detail }
# $what (text) - a model, and what was measured of it; $detail (text) - why
compare-without = { $what }: without a figure, the others stand: { $detail }
# $detail (text) - why
compare-unfinished = the measurement ended early: { $detail }. What was measured until then stands
compare-none-left = no model is left to measure
compare-no-baseline = { $model } cannot be the baseline, for it is not compared: name it in --models too
compare-same-for-datagrams = for this exercise { $model } is the same as its plain model: see --list
# $file (text) - a file
# $schema, $ours (number) - the version of its schema, and the one that this program knows
compare-other-schema = { $file } has results of schema { $schema }, and this program compares those of schema { $ours }; measure again with it
# $file (text) - its name
compare-no-results = { $file } is not what compare --json writes
compare-is-survey = { $file } has the six questions, and diff compares the results of one exercise: measure one, as in socklab compare echo --json FILE
compare-written = written: { $file }

## Help

help-compare = Asks six questions of the I/O models, or measures an exercise on each, and says how they differ, and how sure that is.
help-compare-examples = socklab compare ; socklab compare --quick ; socklab compare welcome --models blocking-iterative,blocking,mio ; socklab compare echo --rate 20000 --models mio,tokio ; socklab compare --target 127.0.0.1:16000 ; socklab compare diff old.json new.json
help-compare-diff = What has changed between two results, beyond what two runs differ anyway; ends with 0 for nothing, 1 for something, 3 if they cannot be compared.
help-compare-diff-examples = socklab compare echo --json old.json ; socklab compare echo --json new.json ; socklab compare diff old.json new.json
help-arg-load-of = The exercise: echo, welcome, capitals or submit; without one, six questions (echo, if loads or other options of an exercise are given)
help-arg-models = Which models, by name; the same one twice compares it with itself (the main ones unless given)
help-arg-list = Name every model, and say in one sentence what it is
help-arg-baseline = Which one the others are compared with (the first unless given)
help-arg-contestant = Any program is measured too, repeatable: its name and its command, with {"{port}"} where its port goes and {"{exercise}"} for the six questions
help-arg-peers = Also measure the lab's servers in Python (threads, asyncio) and in C
help-arg-handicap = So much CPU time more for each reply of the last one, in nanoseconds: a difference that the comparison must find
help-arg-wait-quiet = First wait until other programs use less than 5 % of the CPU, for ten minutes at most
help-arg-quick = In a third of a minute: fewer and shorter rounds
help-arg-full = Every model and load, ten rounds: it says first how long that takes
help-arg-connections = Closed loop: so many at once, each asks again as soon as it is answered
help-arg-rate = Open loop: so many questions a second at their times, answered or not
help-arg-find-knee = Search the highest rate that is kept up
help-arg-limit = At the knee, the most that the 99th percentile may be, in milliseconds
help-arg-idle = So many idle connections, one after another: what do they cost?
help-arg-rounds = How often each model has each load
help-arg-seconds = How long each is measured
help-arg-depth = Datagrams in flight from each socket
help-arg-target = Measure somebody else's server with the same load
help-arg-server-cores = How many cores the server has; the generator has one of its own
help-arg-unobserved = Do not count what the drivers do
help-arg-register-folder = Where submit's registers are made: the disk that is measured (here unless given)
help-arg-json = Write all that was measured, and its summary; - for standard output, in place of the table (a file that is there is replaced only if this option wrote it)
help-arg-csv = Write the figures of each model and load (a file that is there is replaced only if this option wrote it)
help-arg-markdown = Write the table for a page (a file that is there is replaced only if this option wrote it)
help-arg-hdr = Write the latencies as HdrHistogram prints them, a file for each model and load (a file that is there is replaced only if this option wrote it)
help-arg-report = Where the report goes (socklab-compare.html or socklab-EXERCISE.html unless given) (a file that is there is replaced only if this option wrote it)
help-arg-old = The earlier results, written by --json
help-arg-new = The later ones

## The models, in one sentence each: what it is and where it waits

model-blocking = Threads: one for each connection (over UDP, one for all), and each waits inside the call that receives.
model-blocking-iterative = One thread serves each connection to its end before it accepts the next: it waits in accept or for the one peer it has, and everybody else waits in the backlog.
model-blocking-pool = A fixed number of threads accept on one listener and serve one connection each: whoever finds them all waiting for their peers waits in the backlog.
model-blocking-batched = As blocking, but over UDP one call receives or sends up to 64 datagrams of a peer (GRO and GSO, Linux); one that comes alone is received alone.
model-async-std = A task for each connection on an executor with a thread for each core: no task blocks, and the executor's reactor waits for all sockets in one poll.
model-mio = One thread with one event loop: it waits in one poll for all sockets at once, and then serves those that have something.
model-mio-loops = An event loop for each core, each with a socket of its own at the same port (SO_REUSEPORT): the kernel deals the peers out, and each loop waits in its own poll.
model-mio-batched = As mio, but over UDP one call receives or sends up to 64 datagrams of a peer (GRO and GSO, Linux); one that comes alone is received alone.
model-tokio = A task for each connection on a scheduler whose threads, one for each core, share the work: no task blocks, and its reactor waits for all sockets in one poll.
model-nonblocking = One thread asks every socket again and again and never waits: it uses a whole core, also when idle, and answers soonest.
model-select = One thread waits in select for all sockets at once; the sets are rebuilt for every call, and hold no descriptor numbered 1,024 or more.
model-poll = One thread waits in poll for all sockets at once: the kernel walks the whole list with every call.
model-epoll-level = One thread waits in epoll for all sockets at once: the kernel keeps the list, and reports a socket with every wait while it is ready (level-triggered; mio is edge-triggered).
model-signal-driven = One thread sleeps in sigtimedwait until SIGIO says that something came, and then receives until nothing is left.
model-uring = One thread waits in io_uring_enter for what the kernel has already done: it received into the program's memory, and sends what it was given.
model-blocking-process = A process for each connection, started with the connection as its standard input: it waits in recv for its one peer, and shares nothing with the others (Linux).
model-blocking-prefork = A fixed number of processes accept on one listener that they inherited, and serve one connection each: whoever finds them all busy waits in the backlog (Linux).
# $figure (text) - its number
compare-figure = Stevens, figure { $figure }
compare-every-exercise = every exercise
compare-no-batches = here plain calls: this system has neither GRO nor GSO

## Besides loads

compare-idle-title = idle connections, and one client that is not idle
compare-slope-title = what one more idle connection costs
compare-knee-title = the highest rate that is kept up
compare-column-idle = idle
compare-column-threads = threads
compare-column-bytes-each = bytes each (95 %)
compare-column-knee = questions/s
# $low, $high (text) - rates: kept up, and not kept up
compare-knee-between = { $low } to { $high }
compare-knee-least = at least { $low }
compare-knee-below = under { $high }
compare-column-limit = p99 under
compare-column-tried = rates tried
# $address (text) - the server that was to be measured
compare-target-silent = { $address } answered nothing: start the server first, and look whether the address and the port are right

## Programs

# $text (text) - what was given
compare-no-contestant = a contestant is a name and a command, as in 'mine=python3 server.py {"{port}"}', and not { $text }
# $name (text) - its name
# $what (text) - the word in brackets that is missing
compare-contestant-without = the command of { $name } has no { $what }, so it cannot be told; put it where the program reads it
# $name (text) - its name
compare-twice = two contestants are called { $name }, so their figures could not be told apart: give one another name
# $name, $exercise (text) - its name, and the exercise
compare-no-program = { $name } cannot be measured with { $exercise }: socklab could not first check that it does it. Use echo, welcome or capitals
# $name, $needs, $detail (text) - a server that comes with the lab, the program that it needs, why there is none
compare-peer-missing = { $name } is left out: it needs { $needs } ({ $detail })

## The measured server, a process of its own

# $detail (text) - what the JSON library says
unserved-spec = the specification of the measured server cannot be read: { $detail }
unserved-unknown = the measured server knows no such exercise or runtime
