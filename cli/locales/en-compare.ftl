### `socklab compare`, in English.

## The models, in one sentence each: what it is and where it waits

model-blocking = Threads: one for each connection (over UDP, one for all), and each waits inside the call that receives.
model-blocking-iterative = One thread serves each connection to its end before it accepts the next: it waits in accept or for the one peer it has, and everybody else waits in the backlog.
model-blocking-pool = A fixed number of threads accept on one listener and serve one connection each: whoever finds them all waiting for their peers waits in the backlog.
model-async-std = A task for each connection on an executor with a thread for each core: no task blocks, and the executor's reactor waits for all sockets in one poll.
model-mio = One thread with one event loop: it waits in one poll for all sockets at once, and then serves those that have something.
model-mio-loops = An event loop for each core, each with a socket of its own at the same port (SO_REUSEPORT): the kernel deals the peers out, and each loop waits in its own poll.
