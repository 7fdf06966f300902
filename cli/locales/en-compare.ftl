### `socklab compare`, in English.

## The server that is measured

help-measured-server = a server in a process of its own, for this command to measure
help-measured-server-examples = socklab measured-server echo --runtime mio
help-arg-cores = the cores that it may use
help-arg-observe = count what its driver does
