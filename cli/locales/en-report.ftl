### The report of `socklab compare`, in English.
