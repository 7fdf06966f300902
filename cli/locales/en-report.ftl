### The report of `socklab compare`, in English.

## Numbers

report-lang = en
# $n (text) - how many times as much
report-times = { $n }×

## The page

# $exercise (text) - the name of the exercise
# $models (number) - how many models
report-title = { $models ->
    [one] { $exercise } on one I/O model
   *[other] { $exercise } on { $models } I/O models
}
# $date (text) - when it began
# $trials (number) - how many trials
# $rounds (number) - how many rounds
# $took (text) - how long it took, with the unit
# $version (text) - of socklab
report-when = { $date } · { $trials ->
    [one] { $trials } trial
   *[other] { $trials } trials
} in { $rounds ->
    [one] { $rounds } round
   *[other] { $rounds } rounds
} · { $took } · socklab { $version }
report-contents = contents
report-skip = skip to the table
report-theme = light / dark
report-choose = Load
report-data = the figures of this chart
report-section-table = In figures
report-section-speed = How fast
report-section-cost = At what cost
report-section-noise = How even
report-section-timelines = Where it waits
report-section-sources = The code
report-section-measured = How it was measured


## What must not be believed

# $why (text) - the reasons
report-invalid = INVALID: { $why }
report-not-measured = not measured
report-refused = REFUSED: its transcript is not the reference's, so it was not timed
report-cautions = Read with caution

## The table

report-table = Each model under each load: medians over the rounds, with 95{ "\u00A0" }% intervals
report-column-model = model
report-column-load = load
report-column-cell = model and load
report-column-rate = replies/s
# $baseline (text) - the name of a model
report-column-relative = against { $baseline }
report-column-p50 = p50
report-column-p99 = p99
report-column-max = longest
report-column-cpu = CPU, µs per reply
report-column-switches = switches per reply
report-column-threads = threads
report-column-sum = together
report-column-round = round
report-column-warm-up = warm-up, s
report-column-note = note
report-column-metric = metric
report-column-ratio = ratio
report-column-interval = 95{ "\u00A0" }% interval
report-column-prediction = a second run
report-column-pairs = rounds
report-column-verdict = verdict
# $baseline (text) - the name of a model
report-ratios = every ratio against { $baseline }, and where a second run would find it
report-verdict-higher = higher
report-verdict-lower = lower
report-verdict-none = no detectable difference
report-verdict-too-few = too few rounds to say

## Axes

report-axis-connections = connections at once (each power of ten is one step)
report-axis-rate = replies/s
report-axis-share = share of the questions answered within the time (each 9 is one step)
report-axis-response = response time
report-axis-cpu = CPU time for each reply, µs
report-axis-switches = context switches for each reply
report-axis-idle = idle connections
report-axis-memory = resident memory, MiB
report-axis-idle-reply = median time of a reply, µs
report-axis-offered = questions/s offered
report-axis-p99 = p99 of the response time

## Charts: what each shows, what the metric means, and a description for those who cannot see it

report-throughput = Replies a second against connections
report-throughput-means = Right replies in each second of the measured time, from so many connections that ask again as soon as they are answered. Upright bars are 95{ "\u00A0" }% intervals of the median.
report-throughput-desc = A line for each model: replies a second against the number of connections, on a logarithmic axis. The figures are in the table below the chart.
# $model (text) - the name of a model
# $load (text) - the load
# $rate (text) - replies a second, with the interval
report-throughput-tip = { $model }, { $load }: { $rate } replies/s

report-latency = Response time, to the tail
report-latency-means = From the moment when a question was due to its answer. Half of the questions took no longer than the curve at 50{ "\u00A0" }%; all but one in a thousand, no longer than at 99.9{ "\u00A0" }%.
report-latency-note = All rounds that count are taken together, so a percentile may differ a little from the table's, which is the median of the rounds. A curve ends where fewer than ten questions are left: beyond that it would be an anecdote.
report-latency-open-note = Under an open load the broken lines count from the moment when a question was sent. What they leave out is how long it waited until it could be.
report-latency-lesser = once sent
report-latency-desc = A line for each model: the time within which a share of the questions was answered, from half of them to all but a few in a hundred thousand. The figures are in the table below the chart.
# $model (text) - the name of a model
report-latency-service = { $model }, once sent
# $model (text) - the name of a model
# $share (text) - a percentage
# $time (text) - a time, with the unit
report-latency-tip = { $model }: { $share } within { $time }

report-cpu = CPU time for each reply
report-cpu-means = What the server used of its CPUs while it was measured, divided by the replies: in its own code and its libraries, and in the kernel for its system calls.
report-cpu-note = Other programs, and the load generator, are not in it. The sum is exact, but many kernels split it by sampling: in a short measurement one part can be 0.
report-cpu-desc = A bar for each model in two parts, in the program and in the kernel. The figures are in the table below the chart.
report-cpu-user = in the program
report-cpu-system = in the kernel

report-switches = Context switches for each reply
report-switches-means = How often a thread of the server left its CPU: because what it asked for was not there yet, or because the kernel gave the CPU to others.
report-switches-note = A server that waits once for many questions has far less than one for each reply.
report-switches-desc = A bar for each model in two parts: switches because it waited, and because others had their turn. The figures are in the table below the chart.
report-switches-voluntary = because it waited
report-switches-involuntary = because others had their turn

report-operations = Operations for each reply
report-operations-means = What the driver did for each reply. “would-block” says how many of the others found nothing to do, which is the price of asking first.
report-operations-note = Counted by the driver's observer. A model that waits for many sockets at once has less than one wait for each reply.
report-operations-desc = A row for each model and a column for each kind of operation, with bars on one scale. The figures are in the table below the chart.

report-idle-memory = Memory against idle connections
report-idle-memory-means = The server's resident memory while so many are connected and say nothing. What a connection costs is the slope of its line, written where it ends.
report-idle-memory-note = The slope is taken over all steps: one point alone would count the program itself.
report-idle-memory-desc = A line for each model: the server's memory against the number of idle connections. The figures are in the table below the chart.
# $model (text) - the name of a model
# $bytes (text) - bytes for each connection
report-idle-slope = { $model }: { $bytes } B each

report-idle-reply = Time of a reply against idle connections
report-idle-reply-means = How long one more client, who does say something, waits for its answer while the others are idle: the median.
report-idle-reply-note = If it rises, waiting for many costs even when they are silent.
report-idle-reply-desc = A line for each model: the median time of a reply against the number of idle connections. The figures are in the table below the chart.
# $model (text) - the name of a model
# $n (text) - how many connections
# $value (text) - a figure
report-idle-tip = { $model }, { $n } idle: { $value }

report-open = Offered and achieved
report-open-means = Questions are asked at their time, answered or not, as people do. Where a line leaves the diagonal, the model does not keep up.
report-open-desc = A line for each model: replies a second against questions a second, with the diagonal on which both are the same. The figures are in the table below the chart.
report-open-all = all answered
report-open-p99 = The tail against the rate
report-open-p99-means = The 99th percentile of the response time, counted from the moment when each question was due: the wait for a server that is behind is in it.
report-open-p99-desc = A line for each model: the 99th percentile of the response time against questions a second. The figures are in the table below the chart.
# $model (text) - the name of a model
# $offered (text) - questions a second
# $value (text) - a figure, or why there is none
report-open-tip = { $model }, { $offered } offered: { $value }
# $model (text) - the name of a model
# $rate (text) - questions a second
# $limit (text) - a time, with the unit
report-knee = { $model }: the highest rate with a p99 below { $limit } is { $rate } questions/s.
# $model (text) - the name of a model
report-knee-none = { $model }: the highest rate is not known.
report-knee-limit = limit

report-trials = Every round
report-trials-means = Each mark is one round, later ones lower; the upright line is the median. Rounds that are crossed out do not count, nor do hollow ones, for they are too few.
report-trials-note = The axis does not begin at zero, so that differences can be seen: compare how far apart the models are with how far apart their rounds are.
report-trials-desc = A row for each model with a mark for the replies a second of each round; those that must not be believed are crossed out. The figures are in the table below the chart.
# $model (text) - the name of a model
# $round (text) - which round, from 1
# $rate (text) - replies a second
report-trials-tip = { $model }, round { $round }: { $rate } replies/s
# $model (text) - the name of a model
# $rounds (text) - which rounds, from 1
# $why (text) - the reasons
report-trials-invalid = { $model }: crossed out, round { $rounds }: { $why }

## The other parts

report-timelines-means = One small exchange on each model, as it was measured: two clients, one of them slow. Each wait has its name. Look for where the program stands still, and for whom.
report-sources-means = The machine, which says what the exercise is, and the drivers, which do its waiting. The machine is the same for all; look in each driver for the one line where it waits.
# $line (number) - the number of a line
report-sources-wait = It waits in line { $line }.
report-sources-print = The sources are in the file that this was printed from, and in the repository:

## How it was measured

report-rule-rounds = Rounds
report-rule-rounds-means = In each round every model has every load once, in a shuffled order, so that what changes on the machine falls on all alike. A figure is the median over the rounds.
report-rule-warm-up = Warm-up
report-rule-warm-up-means = What ran before the rate was steady is in no figure. How long it was stands in the tables of the rounds.
report-rule-interval = 95{ "\u00A0" }% interval
report-rule-interval-means = Where the median of many rounds would be: of a figure by resampling its rounds, of a ratio by Student's t over the rounds, with an allowance for what differs between two runs. It is about this machine on this day.
report-rule-prediction = A second run
report-rule-prediction-means = Where a second run of as many rounds would find the ratio, with a probability of 95{ "\u00A0" }%. It is wider than the interval, because the second run has its own noise.
report-rule-none = No detectable difference
report-rule-none-means = This measurement cannot tell the two apart: among so many comparisons it could be chance, or a second run could say the opposite. It does not say that they are equal.
report-rule-invalid = INVALID
report-rule-invalid-means = A figure that would say something about the measurement and not about the server. It is named with its reason, and is in no chart of figures and in no ratio. A whole model under a load is, if half of its rounds are.
report-proofs = First the proof, then the clock
report-proofs-means = Before anything was timed, each model's transcript of the exercise was compared with the reference; and every reply under load was checked whole.
# $model (text) - the name of a model
report-proof-same = { $model }: the same transcript
# $model (text) - the name of a model
report-proof-differs = { $model }: another transcript, so it was not timed
report-environment = The machine
report-again = Measure it again
report-again-means = The same comparison, on this or another machine:
# $seed (text) - a number
report-again-seed = The order of the trials and the resampling were drawn from the seed { $seed }.
report-raw-means = This file contains every trial with its histograms, so that every figure can be drawn again.
report-download = save the data as JSON
