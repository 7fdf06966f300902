### `socklab compare` without an exercise, in English.

survey-column-server = server
# The column of figures in Stevens's book.
survey-column-stevens = fig.

## The heads of the columns, each in two lines

survey-head-one-client = one / client
survey-head-hundred-busy = 100 / busy
survey-head-short-visits = short / visits
survey-head-slow-client = a slow / client
survey-head-slow-request = a slow / request
survey-head-silent = 1,000 silent / and a talker
survey-unit-p50 = p50 µs
survey-unit-cpu = CPU µs
survey-unit-p99 = p99 ms
survey-unit-bytes = KiB each

## Cells

# $count (number) - how many connections at once
survey-serves = serves { $count }
survey-stopped = stopped
survey-differs = wrong
survey-legend = ★ within 10 % of the best · ×N: N times worse, 95 % sure
survey-legend-unsure = no mark: not sure

## The headline

survey-headline-equal = All are as good: no question tells these servers apart.
# $models (text) - those that are among the best everywhere
# $count (number) - how many they are
survey-headline-winner = { $models } { $count ->
    [one] is
   *[other] are
} among the best in every question.
# $others (text) - those that may be among the best too
survey-headline-also = { $models } { $count ->
    [one] is
   *[other] are
} among the best in every question, and perhaps { $others } too.
# $models (text) - the only ones that may be among the best everywhere
survey-headline-perhaps = Perhaps { $models } { $count ->
    [one] is
   *[other] are
} among the best in every question; no other server is.
survey-headline-unsure = This run is not enough to tell these servers apart.
survey-headline-none = No model wins everywhere.
# $cheap (text) - those that carry silent clients best, $count of them
# $survive (text) - those that a slow request does not stop
survey-headline-sides = No model wins everywhere: { $cheap } { $count ->
    [one] carries
   *[other] carry
} silent clients cheaply; only { $survive } survives a slow request.

## The sentences. $best (text) and $count (number) are those within 10 % of the best,
## $worst (text) the worst one; figures are texts.

# $list (text) - some names
# $more (number) - how many more there are
survey-and-more = { $list } and { $more } more
survey-the-others = the others
# $low, $high (text) - two figures
survey-from-to = { $low } to { $high }
survey-no-figures = No server was measured.

survey-name-one-client = One client
survey-name-hundred-busy = 100 busy
survey-name-short-visits = Short visits
survey-name-slow-client = A slow client
survey-name-slow-request = A slow request (20 ms inside the server)
survey-name-silent = 1,000 silent
# $question (text) - one of these names
survey-not-sure = { $question }: they look different, but this run is not enough to be sure. Repeat it without --quick, or with nothing else running.

survey-one-client-equal = One client: no difference; a reply takes { $least } to { $most } µs.
survey-one-client-differ = One client: { $best } { $count ->
    [one] answers
   *[other] answer
} in { $least } µs, { $worst } in { $value } (×{ $times }).
# $models (text) - those that ask the system again and again
survey-polls = { $models } { $count ->
    [one] uses
   *[other] use
} a whole core even when nobody calls.

survey-hundred-busy-equal = 100 busy: no difference; { $least } to { $most } µs of CPU for a reply.
survey-hundred-busy-differ = 100 busy: a reply costs { $best } { $least } µs of CPU, { $worst } { $value } (×{ $times }).

survey-short-visits-equal = Short visits: no difference; { $least } to { $most } µs of CPU for each.
survey-short-visits-differ = Short visits: each costs { $best } { $least } µs of CPU, { $worst } { $value } (×{ $times }).

# $models (text) - those that make others wait, $count of them
# $value (text) - for how long, in milliseconds
# $spared (text) - the others
# $least, $most (text) - how long they wait, in milliseconds
survey-slow-client-everybody = A slow client: with every one of these servers the others wait, { $least } to { $most } ms.
survey-slow-client-nobody = A slow client: nobody else waits for it.
survey-slow-client-spares = A slow client: with { $spared } nobody waits for it; with the others all do, { $value } ms.
survey-slow-client-waits = A slow client: only { $models } { $count ->
    [one] makes
   *[other] make
} the others wait for it, { $value } ms.

# $unsure (text) - those that may make others wait too
survey-slow-client-unsure = A slow client: { $models } { $count ->
    [one] makes
   *[other] make
} the others wait for it, { $value } ms; whether { $unsure } too, this run cannot tell.

# $least, $most (text) - how long they wait, in milliseconds
survey-slow-request-everybody = A slow request (20 ms inside the server): with every one of these servers the others wait, { $least } to { $most } ms.
survey-slow-request-nobody = A slow request (20 ms inside the server): nobody else waits for it.
survey-slow-request-spares = A slow request (20 ms inside the server): with { $spared } nobody waits; it stops all the others, { $value } ms.
survey-slow-request-unsure = A slow request (20 ms inside the server) stops { $models } for everybody, { $value } ms; whether { $unsure } too, this run cannot tell.
survey-slow-request-waits = A slow request (20 ms inside the server) stops { $models } for everybody; with { $spared } nobody waits.

survey-silent-equal = 1,000 silent: no difference; { $least } to { $most } KiB for each.
survey-silent-differ = 1,000 silent: { $worst } keeps { $value } KiB for each, { $best } { $least }.
# $value, $least (text) - CPU time for a reply to the one who talks, with these and at best
survey-silent-talker = The talker's reply costs up to { $value } µs with { $models }, at best { $least }.

# $model, $best (text) - the worst one and a best one
# $more, $less (text) - how many for each reply, with the one and with the other
survey-why-switches = { $model } switches context { $more } times for each, { $best } { $less }.
survey-why-calls = { $model } makes { $more } calls for each, { $best } { $less }.

## What went wrong

# $model (text) - a contestant
# $after (number) - after how many replies
# $said (text) - what it said last, or how it ended; may be empty
survey-failure-stopped = { $model } stopped answering after { $after ->
    [one] { $after } reply
   *[other] { $after } replies
}: { $said }
survey-failure-silent = { $model } stopped answering after { $after ->
    [one] { $after } reply
   *[other] { $after } replies
}.
survey-failure-differs = { $model } answered "{ $got }" where it had to answer "{ $expected }", and is not measured there.
survey-failure-failed = { $model } could not be measured there: { $said }
survey-failure-not-slow = { $model } does not do the slow request's work ("wait 20 ms"), and has no figure there.

## The lines around the table

# $count (number) - how many servers
# $time (text) - how long it took
# $others (text) - the share of the CPU that other programs used
survey-title = socklab compare · { $count ->
    [one] { $count } server
   *[other] { $count } servers
}, one core each · { $time } · other programs used { $others }
survey-title-any = socklab compare · { $count ->
    [one] { $count } server
   *[other] { $count } servers
}, pinned to no core · { $time } · other programs used { $others }
survey-title-shared = socklab compare · { $count ->
    [one] { $count } server
   *[other] { $count } servers
}, sharing the load's core · { $time } · other programs used { $others }
# $models (text) - the servers
# $time (text) - how long it will take
survey-begin = Six questions, asked of { $models }: about { $time }.
# $percent (number), $number (number) - how much is done, which question
# $question, $model, $time (text) - its name, the server, how long it still takes
survey-progress = { $percent } % · { $number } { $question } · { $model } · { $time } left
# $detail (text) - what the system said
survey-failed = The questions could not be asked: { $detail }

## The page

survey-choices = Which would you use for
survey-choice-unsure = not sure in this run
survey-choice-any = any
survey-choice-silent = 10,000 silent clients
survey-choice-one = one client at a time
survey-choice-short = short visits
survey-choice-blocking = blocking work
# $cpu, $cores, $time, $others (text) - the machine, how many cores, how long it took, what others used
survey-page-machine = { $cpu } · { $cores } cores · { $time } · other programs used { $others }
survey-page-program = a program of its own
survey-page-waits = Where each waits ↓
survey-page-waits-title = Where each waits
survey-page-own-core = Each server ran on a core of its own.
survey-page-shared-core = The servers shared the load generator's core, so a reply also waited for the generator's turns on it.
survey-page-any-core = The servers ran on whatever core the system gave them, which may have been the load generator's.
survey-page-how = Every reply was checked. One server at a time was under load, for a fraction of a second, in turn with the others and in shuffled order; servers were started anew for each round. The same command measures it again:
# Where the models wait, by the figure in Stevens, Fenner and Rudoff, UNIX Network Programming, vol. 1, 6.2.
survey-waits-6-1 = blocks in the call
survey-waits-6-2 = asks again and again
survey-waits-6-3 = waits for readiness
survey-waits-6-4 = waits for a signal
survey-waits-6-5 = waits for completions

## Noise, before anything is measured

# $percent (text) - the share of the CPU time that others use
compare-noise = Other programs use { $percent } of this machine's CPU time: differences will be less sure. Stop them, or use --wait-quiet.
compare-noise-waiting = Waiting until other programs use less of the CPU: { $percent } now.
