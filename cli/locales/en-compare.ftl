### `socklab compare`, in English.
